import type { Json } from '../pipeline/aggregate'
import type { Pipeline, Row } from '../pipeline/pipeline'
import { Groups } from './groups'
import { addSum, type HashSum, sumEquals, sumFromHex, sumToHex, zeroSum } from './hash-sum'

/**
 * How many events, and the sum modulo 2^64 of the hashes of their ids: equal tallies mean equal sets, not just equal
 * counts.
 */
export interface Tally {
  count: number
  readonly sum: HashSum
}

/** What folding left of some events: their tallies, and the states of each group. */
export interface Partial {
  readonly folded: Tally
  readonly dead: Tally
  readonly groups: Groups
}

export const zeroTally = (): Tally => ({ count: 0, sum: zeroSum() })

/** Adds `from` to `into`; changes `into` only. */
export function addTally(into: Tally, from: Tally): void {
  into.count += from.count
  addSum(into.sum, from.sum)
}

export const tallyEquals = (a: Tally, b: Tally): boolean => a.count === b.count && sumEquals(a.sum, b.sum)

/** `[count, 16 hexadecimal digits]`. */
export type EncodedTally = readonly [number, string]
export const encodeTally = (tally: Tally): EncodedTally => [tally.count, sumToHex(tally.sum)]
export const decodeTally = ([count, hex]: EncodedTally): Tally => ({ count, sum: sumFromHex(hex) })

export const emptyPartial = (pipeline: Pipeline): Partial => ({
  folded: zeroTally(),
  dead: zeroTally(),
  groups: new Groups(pipeline),
})

/** Joins two partials of one pipeline; changes `into` and never `from`, and shares no state between them. */
export function mergePartial(into: Partial, from: Partial): Partial {
  addTally(into.folded, from.folded)
  addTally(into.dead, from.dead)
  for (const [key, row] of from.groups.entries()) into.groups.merge(into.groups.rowOf(key), from.groups, row)
  return into
}

/** The rows that a user sees, ordered by key (UTF-16 code units). */
export const presentRows = (pipeline: Pipeline, partial: Partial): Row[] => [...rowsOf(pipeline, partial)]

/** The same, each made when it is asked for. */
export function* rowsOf(pipeline: Pipeline, { groups }: Partial): Generator<Row> {
  for (const key of [...groups.keys()].sort()) {
    const row = groups.rowOf(key)
    const results = pipeline.columns.map(([name, aggregate], column) => [
      name,
      aggregate.present(groups.state(row, column)),
    ])
    yield { key, ...Object.fromEntries(results) } as Row
  }
}

/** One group on the wire: key, then its states in the order of `pipeline.columns`. */
export type EncodedGroup = readonly [string, ...Json[]]

export const encodeGroups = (pipeline: Pipeline, { groups }: Partial): EncodedGroup[] =>
  encodeRows(pipeline, groups, groups.entries())

/** Some of the groups. */
export const encodeRows = (
  pipeline: Pipeline,
  groups: Groups,
  rows: Iterable<readonly [string, number]>,
): EncodedGroup[] =>
  Array.from(rows, ([key, row]) => [
    key,
    ...pipeline.columns.map(([, aggregate], column) => aggregate.encode(groups.state(row, column))),
  ])

/**
 * Adds groups from the wire to `partial`. Throws a RangeError when they were not made by `encodeGroups` of this
 * pipeline.
 */
export function decodeGroups(pipeline: Pipeline, partial: Partial, encoded: readonly EncodedGroup[]): void {
  for (const [key, ...states] of encoded) {
    if (states.length !== pipeline.columns.length) throw new RangeError(`group "${key}" has ${states.length} states`)
    partial.groups.decode(partial.groups.rowOf(key), states)
  }
}

/** The tallies of a partial on the wire. */
export interface EncodedTallies {
  readonly folded: EncodedTally
  readonly dead: EncodedTally
}

export const encodeTallies = ({ folded, dead }: Pick<Partial, 'folded' | 'dead'>): EncodedTallies => ({
  folded: encodeTally(folded),
  dead: encodeTally(dead),
})

/** A partial with these tallies, and no groups yet. */
export const partialOf = (pipeline: Pipeline, { folded, dead }: EncodedTallies): Partial => ({
  ...emptyPartial(pipeline),
  folded: decodeTally(folded),
  dead: decodeTally(dead),
})

/** A whole partial on the wire. */
export interface EncodedPartial extends EncodedTallies {
  readonly groups: readonly EncodedGroup[]
}

export const encodePartial = (pipeline: Pipeline, partial: Partial): EncodedPartial => ({
  ...encodeTallies(partial),
  groups: encodeGroups(pipeline, partial),
})

/** Throws a RangeError when it was not made by `encodePartial` of this pipeline. */
export function decodePartial(pipeline: Pipeline, encoded: EncodedPartial): Partial {
  const partial = partialOf(pipeline, encoded)
  decodeGroups(pipeline, partial, encoded.groups)
  return partial
}
