import { type Admission, admit, keyOf } from './admission'
import type { Accumulator } from './aggregate'
import type { Fields } from './field'
import { DEAD_LETTER, type OraclePipeline } from './pipeline'
import type { Window } from './window'

/** The oracle: every window recomputed from the accepted lines, in plain single-threaded order. */

/** The lines of one answered request, less the rejected ones, and the horizon of the answer (ms). */
export type Batch = { horizon: number | null; lines: readonly string[] }

/** How the lines of a batch fared. `accepted` includes the partly late ones; `rejected` should always be 0. */
export type Tally = { accepted: number; late: number; partlyLate: number; rejected: number }

/** One row: the key and the results by aggregate name. */
export type OracleRow = { key: string; [aggregate: string]: string | number | null }

/** `accepted` counts input events, dead-lettered ones too; rows are ordered by key in UTF-16 code units. */
export type OracleWindow = Window & { accepted: number; deadLettered: number; rows: OracleRow[] }

type WindowState = Window & { accepted: number; deadLettered: number; byKey: Map<string, Accumulator[]> }

/** Every window that the batches touch, ordered by start. The order of batches and lines makes no difference. */
export function oracleWindows(batches: Iterable<Batch>, pipeline: OraclePipeline): OracleWindow[] {
  const oracle = new Oracle(pipeline)
  for (const batch of batches) oracle.take(batch)
  return [...oracle.windows()]
}

/** Keeps state per (window, key) only, so that a file of any length can be streamed through it. */
export class Oracle {
  private readonly states = new Map<number, WindowState>()
  /** Accepted events that were dead-lettered, each counted once however many windows it is in. */
  deadLettered = 0

  constructor(private readonly pipeline: OraclePipeline) {}

  take(batch: Batch): Tally {
    const admissions = batch.lines.map((line) => admit(line, batch.horizon, this.pipeline))
    for (const admission of admissions) if ('event' in admission) this.add(admission.event, admission.windows)
    return tallyOf(admissions)
  }

  /** How the lines of a batch would fare, and which windows they are in; counts nothing. */
  look(batch: Batch): { tally: Tally; windows: Window[] } {
    const admissions = batch.lines.map((line) => admit(line, batch.horizon, this.pipeline))
    return {
      tally: tallyOf(admissions),
      windows: admissions.flatMap((admission) => ('event' in admission ? admission.windows : [])),
    }
  }

  *windows(): Generator<OracleWindow> {
    const ordered = [...this.states.values()].sort((a, b) => a.start - b.start)
    for (const state of ordered) yield present(state, this.pipeline)
  }

  private add(event: Fields, windows: readonly Window[]): void {
    const contributions = contributionsOf(event, this.pipeline)
    if (contributions === DEAD_LETTER) this.deadLettered += 1
    for (const window of windows) {
      const state = this.stateOf(window)
      state.accepted += 1
      if (contributions === DEAD_LETTER) state.deadLettered += 1
      else for (const contribution of contributions) addTo(state, contribution, this.pipeline)
    }
  }

  /** All windows of a pipeline have one size, so the start tells them apart. */
  private stateOf({ start, end }: Window): WindowState {
    let state = this.states.get(start)
    if (!state) {
      state = { start, end, accepted: 0, deadLettered: 0, byKey: new Map() }
      this.states.set(start, state)
    }
    return state
  }
}

function tallyOf(admissions: readonly Admission[]): Tally {
  const tally: Tally = { accepted: 0, late: 0, partlyLate: 0, rejected: 0 }
  for (const { verdict } of admissions) tally[verdict] += 1
  tally.accepted += tally.partlyLate
  return tally
}

function addTo(state: WindowState, { key, values }: Contribution, pipeline: OraclePipeline): void {
  let accumulators = state.byKey.get(key)
  if (!accumulators) {
    accumulators = Object.values(pipeline.aggregates).map((aggregate) => aggregate.start())
    state.byKey.set(key, accumulators)
  }
  for (const [i, accumulator] of accumulators.entries()) accumulator.add(values[i]!)
}

function present({ byKey, ...window }: WindowState, { aggregates }: OraclePipeline): OracleWindow {
  const names = Object.keys(aggregates)
  // The default sort compares UTF-16 code units.
  const keys = [...byKey.keys()].sort()
  const rows = keys.map((key) => presentRow(key, names, byKey.get(key)!))
  return { ...window, rows }
}

function presentRow(key: string, names: readonly string[], accumulators: readonly Accumulator[]): OracleRow {
  const row: OracleRow = { key }
  for (const [i, accumulator] of accumulators.entries()) row[names[i]!] = accumulator.result()
  return row
}

/** What one accepted event adds to its windows, or that it adds nothing because it is dead-lettered. */

/** `values` are what the pipeline's aggregates read, in their order. */
export type Contribution = { key: string; values: readonly number[] }

/** One contribution for each event that the map returned; a single bad one dead-letters the event as a whole. */
export function contributionsOf(event: Fields, pipeline: OraclePipeline): readonly Contribution[] | typeof DEAD_LETTER {
  const mapped = pipeline.map ? pipeline.map(event) : [event]
  if (mapped === DEAD_LETTER) return DEAD_LETTER
  const contributions: Contribution[] = []
  for (const result of mapped) {
    const contribution = contributionOf(result, pipeline)
    if (contribution === undefined) return DEAD_LETTER
    contributions.push(contribution)
  }
  return contributions
}

function contributionOf(event: Fields, pipeline: OraclePipeline): Contribution | undefined {
  const key = keyOf(event, pipeline)
  const values: number[] = []
  for (const aggregate of Object.values(pipeline.aggregates)) {
    const value = aggregate.read(event)
    if (value === undefined) return undefined
    values.push(value)
  }
  return key === undefined ? undefined : { key, values }
}
