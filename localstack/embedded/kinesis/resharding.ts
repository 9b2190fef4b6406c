import { evenRanges, HASH_KEYS, type HashKeyRange } from './limits'

/**
 * One change to the open shards, in the order of their hash keys; indexes are of the list as the steps before have left
 * it.
 */
export type ReshardStep =
  /** The shard at `index` becomes two, of which the second begins at hash key `at`. */
  | { readonly kind: 'split'; readonly index: number; readonly at: bigint }
  /** The shards at `index` and after it become one. */
  | { readonly kind: 'merge'; readonly index: number }

/**
 * A bound that lies so near to an even one is even enough: dividing 2^128 by three and by six leaves different
 * remainders.
 */
const EVEN_ENOUGH = HASH_KEYS >> 32n

/**
 * The splits and merges that make `ranges` into `target` even ones, as UNIFORM_SCALING does: doubling and halving split
 * or merge each shard once, other counts go by short-lived shards.
 */
export function reshardSteps(ranges: readonly HashKeyRange[], target: number): readonly ReshardStep[] {
  const present = ranges.map(({ start }) => start)
  const wanted = evenRanges(target).map(({ start }) => nearest(present, start))
  const missing = wanted.filter((start) => !present.includes(start))
  const starts = [...present]
  const splits = missing.map((at): ReshardStep => {
    const index = starts.filter((start) => start < at).length - 1
    starts.splice(index + 1, 0, at)
    return { kind: 'split', index, at }
  })
  return [...splits, ...merges(starts, wanted)]
}

function nearest(present: readonly bigint[], start: bigint): bigint {
  return present.find((other) => (other > start ? other - start : start - other) < EVEN_ENOUGH) ?? start
}

/** Each start that is not wanted is merged into the shard before it. */
function merges(starts: readonly bigint[], wanted: readonly bigint[]): readonly ReshardStep[] {
  let kept = 0
  return starts.flatMap((start): readonly ReshardStep[] => {
    if (!wanted.includes(start)) return [{ kind: 'merge', index: kept - 1 }]
    kept += 1
    return []
  })
}
