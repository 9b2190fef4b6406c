/** Expected against served windows: which are missing, which are extra, and every field that is not the same value. */
import type { OracleRow, OracleWindow } from './oracle'
import type { ServedRow, ServedWindow } from './served'
import type { Window } from './window'

/** How many differences of each kind are kept as examples; they are all counted. */
export const EXAMPLES = 20

/**
 * One value that differs. `key` is null for a field of the window itself. Besides the served fields, `field` may be
 * `balance` (accepted against edge + burst + deadLettered), `row` (a row missing or too many) or `order`.
 */
export type Difference = Window & { key: string | null; field: string; expected: unknown; actual: unknown }

export type Comparison = {
  /** Windows and rows expected. */
  windows: number
  rows: number
  /** Full counts; `mismatched` counts differing fields, a missing or extra row as one. */
  counts: { missing: number; extra: number; mismatched: number }
  /** The first of each kind. A window served twice is extra the second time. */
  missing: Window[]
  extra: Window[]
  mismatched: Difference[]
}

/** Windows in `unknown` are left out on both sides. */
export function compareWindows(
  expected: Iterable<OracleWindow>,
  actual: Iterable<ServedWindow>,
  unknown: readonly Window[] = [],
): Comparison {
  const isUnknown = new Set(unknown.map(nameOf))
  const comparison = nothingCompared()
  const served = new Map<string, ServedWindow>()
  for (const window of actual) {
    if (isUnknown.has(nameOf(window))) continue
    if (served.has(nameOf(window))) noteWindow(comparison, 'extra', window)
    else served.set(nameOf(window), window)
  }
  for (const window of expected) {
    if (isUnknown.has(nameOf(window))) continue
    comparison.windows += 1
    comparison.rows += window.rows.length
    const match = served.get(nameOf(window))
    served.delete(nameOf(window))
    if (match) noteAll(comparison, differencesOf(window, match))
    else noteWindow(comparison, 'missing', window)
  }
  for (const window of served.values()) noteWindow(comparison, 'extra', window)
  return comparison
}

type Finding = Omit<Difference, 'start' | 'end'>

function* differencesOf(expected: OracleWindow, actual: ServedWindow): Generator<Difference> {
  const { start, end } = expected
  for (const finding of windowFindings(expected, actual)) yield { start, end, ...finding }
  for (const finding of rowsFindings(expected.rows, actual.rows)) yield { start, end, ...finding }
}

function* windowFindings(expected: OracleWindow, actual: ServedWindow): Generator<Finding> {
  const balance = actual.edge + actual.burst + actual.deadLettered
  yield* valueFinding(null, 'accepted', expected.accepted, actual.accepted)
  yield* valueFinding(null, 'deadLettered', expected.deadLettered, actual.deadLettered)
  yield* valueFinding(null, 'balance', actual.accepted, balance)
}

function* rowsFindings(expected: readonly OracleRow[], actual: readonly ServedRow[]): Generator<Finding> {
  const served = new Map<string, ServedRow>()
  let previous: string | undefined
  for (const row of actual) {
    if (served.has(row.key)) yield { key: row.key, field: 'row', expected: 'once', actual: 'again' }
    else served.set(row.key, row)
    if (previous !== undefined && row.key < previous) {
      yield { key: row.key, field: 'order', expected: `after ${previous}`, actual: `before ${previous}` }
    }
    previous = row.key
  }
  for (const row of expected) {
    const match = served.get(row.key)
    served.delete(row.key)
    if (match) yield* fieldFindings(row, match)
    else yield { key: row.key, field: 'row', expected: 'present', actual: 'absent' }
  }
  for (const key of served.keys()) yield { key, field: 'row', expected: 'absent', actual: 'present' }
}

function* fieldFindings(expected: OracleRow, actual: ServedRow): Generator<Finding> {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    yield* valueFinding(expected.key, name, afterJson(expected[name]), actual[name])
  }
}

function* valueFinding(key: string | null, field: string, expected: unknown, actual: unknown): Generator<Finding> {
  if (!Object.is(expected, actual)) yield { key, field, expected, actual }
}

/** JSON writes -0 (a mean can underflow to it) as 0 and every other finite number so that it reads back as the same. */
function afterJson(value: unknown): unknown {
  return value === 0 ? 0 : value
}

function nameOf({ start, end }: Window): string {
  return `${start}/${end}`
}

function nothingCompared(): Comparison {
  const counts = { missing: 0, extra: 0, mismatched: 0 }
  return { windows: 0, rows: 0, counts, missing: [], extra: [], mismatched: [] }
}

function noteWindow(comparison: Comparison, kind: 'missing' | 'extra', { start, end }: Window): void {
  comparison.counts[kind] += 1
  if (comparison[kind].length < EXAMPLES) comparison[kind].push({ start, end })
}

function noteAll(comparison: Comparison, differences: Iterable<Difference>): void {
  for (const difference of differences) {
    comparison.counts.mismatched += 1
    if (comparison.mismatched.length < EXAMPLES) comparison.mismatched.push(difference)
  }
}
