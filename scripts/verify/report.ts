/** The whole check: accepted files on one side, an edge node on the other. */
import { findAccepted } from './accepted'
import { type Comparison, compareWindows, EXAMPLES } from './compare'
import { type Expectation, expectedWindows, type WrongAnswer } from './expected'
import type { OraclePipeline } from './pipeline'
import { oraclePipeline } from './pipelines/named'
import { fetchStatus, fetchWindows, type ServedStatus } from './served'

/** Counts are full; `examples` has the first 20 of each kind. */
export type VerifyReport = {
  /** True when every count from `missing` to `uncheckableBatches` is 0. */
  exact: boolean
  pipeline: string
  /** Answered batches, each key once; `repeats` are further records of the same batch. */
  batches: number
  repeats: number
  /** Accepted events (partly late and dead-lettered ones included); `late` ones come on top. */
  events: number
  late: number
  partlyLate: number
  deadLettered: number
  /** Windows and rows that the events give. */
  windows: number
  rows: number
  missing: number
  extra: number
  mismatched: number
  wrongAnswers: number
  conflictingKeys: number
  /** Batches of which nobody can tell which lines were rejected, and the windows that are left out for them. */
  uncheckableBatches: number
  uncheckableWindows: number
  /** Windows that the edge node had not made final yet, as far as it says. */
  unfinished: number
  examples: Pick<Comparison, 'missing' | 'extra' | 'mismatched'> & {
    wrongAnswers: WrongAnswer[]
    conflictingKeys: string[]
  }
}

export type VerifyOptions = {
  accepted: readonly string[]
  url: string
  /** Of scope read, when the edge node asks for one. */
  token?: string | undefined
  /** Descriptions by name; by default the oracle's own of the pipelines in this repository. */
  pipelineOf?: (name: string) => OraclePipeline
  /** Hears how many lines were read so far. */
  onEvents?: (events: number) => void
  /** Hears how many windows were fetched so far. */
  onWindows?: (windows: number) => void
}

/** Throws CannotVerify when a file or the edge node cannot be read, so that this is never taken for a result. */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { accepted, url, token, pipelineOf = oraclePipeline, onEvents, onWindows } = options
  await findAccepted(accepted)
  const status = await fetchStatus(url, token)
  const expectation = await expectedWindows(accepted, pipelineOf(status.pipeline), onEvents)
  return reportOf(
    status,
    expectation,
    compareWindows(expectation.windows, await fetchWindows(url, token, onWindows), expectation.uncheckable.windows),
  )
}

function reportOf(status: ServedStatus, expectation: Expectation, comparison: Comparison): VerifyReport {
  const { windows: _, wrongAnswers, conflictingKeys, uncheckable, ...totals } = expectation
  const { missing, extra, mismatched, counts, windows, rows } = comparison
  const uncheckableBatches = uncheckable.batches
  const found = { wrongAnswers: wrongAnswers.length, conflictingKeys: conflictingKeys.length, uncheckableBatches }
  const faults = { ...counts, ...found }
  return {
    exact: Object.values(faults).every((fault) => fault === 0),
    pipeline: status.pipeline,
    ...totals,
    windows,
    rows,
    ...faults,
    uncheckableWindows: uncheckable.windows.length,
    unfinished: status.windows ? status.windows.open + status.windows.closing + status.windows.finalizing : 0,
    examples: {
      missing,
      extra,
      mismatched,
      wrongAnswers: wrongAnswers.slice(0, EXAMPLES),
      conflictingKeys: conflictingKeys.slice(0, EXAMPLES),
    },
  }
}
