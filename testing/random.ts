import { mix } from '../core/aggregates/murmur3'

/** Numbers from 0 to below 1, always the same ones for the same seed. */
export type Random = () => number

const GOLDEN_RATIO = 0x9e3779b9
const WORDS = 0x1_0000_0000

/** A counter, mixed: good enough to choose splits and samples. */
export function randomOf(seed: number): Random {
  let counter = mix(seed | 0)
  return () => {
    counter = (counter + GOLDEN_RATIO) | 0
    return mix(counter) / WORDS
  }
}

/** A whole number from 0 to below `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end)

/** The same elements in another order. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const result = [...list]
  for (let last = result.length - 1; last > 0; last--) {
    const other = below(random, last + 1)
    const kept = result[last]!
    result[last] = result[other]!
    result[other] = kept
  }
  return result
}
