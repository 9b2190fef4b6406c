import { readFile } from 'node:fs/promises'
import { CannotSimulate } from './cannot-simulate'
import type { Figures } from './figures'
import type { Question } from './question'
import { aligned } from './table'

/** What is read of the report of a real run, see `scripts/start/report.ts`. */
export interface LiveRun {
  readonly capacity: number
  readonly accepted: number
  readonly burst: number
  readonly processingDelayMs: { readonly p50: number; readonly p99: number }
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly cloud: { readonly usd: number; readonly kinesisBytes: number; readonly kinesisRecords: number }
}

/** Prediction against measurement; `ratio` is null where nothing was measured. */
export interface Comparison {
  readonly figure: string
  readonly predicted: number
  readonly measured: number
  readonly ratio: number | null
}

/** Reads the report of a run. Throws CannotSimulate, which names the file. */
export async function readLive(file: string): Promise<LiveRun> {
  const hint = 'give --live a file that `npm start -- --once --report FILE` has written'
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CannotSimulate(`The report ${file} cannot be read (${error.message}); ${hint}.`)
  })
  const report = parsed(text)
  if (!isLive(report)) throw new CannotSimulate(`The report ${file} is not of a run; ${hint}.`)
  return report
}

/** The question with the run's capacity, lanes and sizes, where it does not name others. */
export function likeLive(question: Question, live: LiveRun): Question {
  const { kinesisBytes } = live.cloud
  return {
    ...question,
    base: question.base ?? live.capacity,
    shards: question.shards ?? live.lanes.shards,
    parallelization: question.parallelization ?? live.lanes.parallelization,
    sealedEventBytes: live.burst > 0 && kinesisBytes > 0 ? kinesisBytes / live.burst : question.sealedEventBytes,
  }
}

export function compared(predicted: Figures, hours: number, live: LiveRun): Comparison[] {
  return [
    comparison('p50 ms', predicted.processingDelayMs.p50, live.processingDelayMs.p50),
    comparison('p99 ms', predicted.processingDelayMs.p99, live.processingDelayMs.p99),
    comparison('burst share', predicted.burst / predicted.accepted, live.burst / live.accepted),
    comparison('burst $', predicted.usdPerHourParts.burst * hours, live.cloud.usd),
  ]
}

export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ figure, predicted, measured, ratio }) => [
    figure,
    predicted.toPrecision(4),
    measured.toPrecision(4),
    ratio === null ? '-' : ratio.toFixed(2),
  ])
  return aligned([['', 'predicted', 'measured', 'ratio'], ...rows])
}

const comparison = (figure: string, predicted: number, measured: number): Comparison => ({
  figure,
  predicted,
  measured,
  ratio: measured > 0 ? predicted / measured : null,
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isLive(report: unknown): report is LiveRun {
  const { capacity, lanes, cloud, processingDelayMs } = (report ?? {}) as Partial<LiveRun>
  return typeof capacity === 'number' && lanes !== undefined && cloud !== undefined && processingDelayMs !== undefined
}
