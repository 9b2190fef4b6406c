import type { Json } from '../pipeline/aggregate'
import type { Pipeline, Row } from '../pipeline/pipeline'
import { addSum, type HashSum, sumEquals, sumFromHex, sumToHex, zeroSum } from './hash-sum'

/**
 * How many events, and the sum modulo 2^64 of the hashes of their ids: equal tallies mean equal sets, not just equal
 * counts.
 */
export interface Tally {
  count: number
  readonly sum: HashSum
}

/** What folding left of some events: their tallies and the states of each group, in the order of `pipeline.columns`. */
export interface Partial {
  readonly folded: Tally
  readonly dead: Tally
  readonly groups: Map<string, unknown[]>
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

export const emptyPartial = (): Partial => ({ folded: zeroTally(), dead: zeroTally(), groups: new Map() })

/** Joins two partials of one pipeline; changes `into` and never `from`, and shares no state between them. */
export function mergePartial(pipeline: Pipeline, into: Partial, from: Partial): Partial {
  addTally(into.folded, from.folded)
  addTally(into.dead, from.dead)
  for (const [key, states] of from.groups) mergeStates(pipeline, groupOf(pipeline, into, key), states)
  return into
}

/** The same, but `into` may keep states of `from`, which is of no use afterwards. */
export function takeOver(pipeline: Pipeline, into: Partial, from: Partial): void {
  addTally(into.folded, from.folded)
  addTally(into.dead, from.dead)
  for (const [key, states] of from.groups) {
    const group = into.groups.get(key)
    if (group === undefined) into.groups.set(key, states)
    else mergeStates(pipeline, group, states)
  }
}

/** A loop and not a method of arrays: this runs for each key of each envelope. */
function mergeStates({ columns }: Pipeline, group: unknown[], states: readonly unknown[]): void {
  for (let column = 0; column < columns.length; column++) {
    group[column] = columns[column]![1].merge(group[column], states[column])
  }
}

/** The states of a key in `partial`, made when it has none. */
export function groupOf({ columns }: Pipeline, partial: Partial, key: string): unknown[] {
  let group = partial.groups.get(key)
  if (group === undefined) {
    group = []
    for (let column = 0; column < columns.length; column++) group.push(columns[column]![1].zero())
    partial.groups.set(key, group)
  }
  return group
}

/** The rows that a user sees, ordered by key (UTF-16 code units). */
export const presentRows = (pipeline: Pipeline, partial: Partial): Row[] => [...rowsOf(pipeline, partial)]

/** The same, each made when it is asked for. */
export function* rowsOf(pipeline: Pipeline, partial: Partial): Generator<Row> {
  for (const key of [...partial.groups.keys()].sort()) {
    const states = partial.groups.get(key)!
    const results = pipeline.columns.map(([name, aggregate], column) => [name, aggregate.present(states[column])])
    yield { key, ...Object.fromEntries(results) } as Row
  }
}

/** One group on the wire: key, then its states in the order of `pipeline.columns`. */
export type EncodedGroup = readonly [string, ...Json[]]

export function encodeGroups(pipeline: Pipeline, partial: Partial): EncodedGroup[] {
  return [...partial.groups].map(([key, states]) => [
    key,
    ...pipeline.columns.map(([, aggregate], column) => aggregate.encode(states[column])),
  ])
}

/**
 * Adds groups from the wire to `partial`. Throws a RangeError when they were not made by `encodeGroups` of this
 * pipeline.
 */
export function decodeGroups(pipeline: Pipeline, partial: Partial, encoded: readonly EncodedGroup[]): void {
  for (const [key, ...states] of encoded) {
    if (states.length !== pipeline.columns.length) throw new RangeError(`group "${key}" has ${states.length} states`)
    const group = groupOf(pipeline, partial, key)
    pipeline.columns.forEach(([, aggregate], column) => {
      group[column] = aggregate.merge(group[column], aggregate.decode(states[column]!))
    })
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
export const partialOf = ({ folded, dead }: EncodedTallies): Partial => ({
  ...emptyPartial(),
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
  const partial = partialOf(encoded)
  decodeGroups(pipeline, partial, encoded.groups)
  return partial
}
