import type { Batch } from '../delivery/batch'
import type { LoadOptions } from '../options'
import { bidLines, llmUsageLines } from './bids'
import { eventFileLines } from './event-file'
import { draws, type LineGenerator } from './random'
import { sampleLines } from './sample'

/** Where events come from. */
export interface EventSource {
  /** The lines of a batch, in order; fewer than it has times when the source has ended. */
  lines(batch: Batch): Promise<string[]>
  close(): Promise<void>
}

/** Real events of a file, or generated ones. `startMs` is the epoch of the schedule's start. */
export function openSource(options: LoadOptions, startMs: number): EventSource {
  return options.eventFile === null ? generatedSource(options, startMs) : fileSource(options.eventFile)
}

/** Event time runs with the schedule: the intended time, whatever the server does, less a seeded disorder. */
function generatedSource(options: LoadOptions, startMs: number): EventSource {
  const line = generatorOf(options)
  const disorder = draws(options.seed, 'disorder')
  const timestampMs = (n: number, timeMs: number) =>
    startMs + Math.floor(timeMs) - Math.floor(disorder(n) * (options.disorderMs + 1))
  return {
    async lines({ first, times }) {
      return Array.from(times, (timeMs, i) => line(first + i, timestampMs(first + i, timeMs)))
    },
    async close() {},
  }
}

function generatorOf(options: LoadOptions): LineGenerator {
  if (options.sampleFile !== null) return sampleLines(options.sampleFile, options.timeField)
  switch (options.pipeline) {
    case 'bids':
      return bidLines(options.seed, options)
    case 'llm-usage':
      return llmUsageLines(options.seed)
  }
}

/** Read as it is sent, so the file may be of any size; its events keep their own timestamps. */
function fileSource(file: string): EventSource {
  const events = eventFileLines(file)
  return {
    async lines({ times }) {
      const lines: string[] = []
      while (lines.length < times.length) {
        const { done, value } = await events.next()
        if (done) break
        lines.push(value)
      }
      return lines
    },
    async close() {
      await events.return()
    },
  }
}
