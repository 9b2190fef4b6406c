import type { Schedule } from '../load/schedule/schedule'
import { type FlinkSample, FoldedSoFar, type Look, NOTHING_FOLDED, sampleOf } from './samples'
import type { SidecarFacts } from './sidecar-process'
import type { Stage } from './stage'

/** What was seen of a run. */
export interface Watched {
  readonly startMs: number
  readonly series: readonly FlinkSample[]
  /** The last that the sidecar said; null when it never did. */
  readonly facts: SidecarFacts | null
}

export interface Watch {
  /** Looks no more. */
  end(): Promise<Watched>
}

export interface WatchedRun {
  readonly stage: Pick<Stage, 'sidecar' | 'cloud'>
  readonly schedule: Schedule
  readonly startMs: number
  readonly windows: () => number
}

const LOOK_EVERY_MS = 250
const LINE_EVERY_MS = 1_000

/** Looks at a run all the time, and says once a second what goes on. */
export function watchRun({ stage, schedule, startMs, windows }: WatchedRun, say: (text: string) => void): Watch {
  const folded = new FoldedSoFar()
  const series: FlinkSample[] = []
  let facts: SidecarFacts | null = null
  let isOver = false
  let before: Look = look(NOTHING_FOLDED, null, null)
  say('      edge/s    burst/s     waiting          lag    windows')
  const watching = watch()

  function look(sum: Look['folded'], now: SidecarFacts | null, invocations: number | null): Look {
    const { queueDelayMs, reason } = now?.decision ?? { queueDelayMs: 0, reason: 'the sidecar does not answer' }
    return { atMs: Date.now(), folded: sum, queueDelayMs, reason, finalWindows: windows(), invocations }
  }

  async function watch(): Promise<void> {
    let saidAtMs = Date.now()
    while (!isOver) {
      const [now, invocations] = await Promise.all([stage.sidecar.facts(), stage.cloud.invocations()])
      facts = now ?? facts
      const after = look(folded.take(now), now, invocations)
      series.push(sampleOf(before, after, schedule, startMs))
      before = after
      if (after.atMs - saidAtMs >= LINE_EVERY_MS) {
        saidAtMs = after.atMs
        say(lineOf(series.at(-1)!))
      }
      await new Promise((resume) => setTimeout(resume, LOOK_EVERY_MS))
    }
  }

  return {
    end: async () => {
      isOver = true
      await watching
      return { startMs, series, facts }
    },
  }
}

function lineOf({ edgeRate, burstRate, backlogEvents, lagMs, finalWindows }: FlinkSample): string {
  const count = (value: number, width: number) => Math.round(value).toLocaleString('en-US').padStart(width)
  return `${count(edgeRate, 12)}${count(burstRate, 11)}${count(backlogEvents, 12)}${count(lagMs, 10)} ms${count(finalWindows, 11)}`
}
