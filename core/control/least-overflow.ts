/**
 * Events per bin, how long a bin is, what the edge folds in events per second, and how long an event may wait there.
 */
export interface OverflowQuestion {
  readonly arrivals: readonly number[]
  readonly binMs: number
  readonly capacity: number
  readonly latencyTargetMs: number
}

/** The least number of events that have to be diverted, and the share of each bin's events, 0 to 1. */
export interface LeastOverflow {
  readonly total: number
  readonly perBin: readonly number[]
}

/**
 * The least that has to be diverted so that nothing waits longer at the edge than the target. The queue is the Lindley
 * recursion, reflected at 0 and at capacity x target: of all ways to stay under the upper bound, diverting only what
 * would pass it diverts least (Skorokhod's problem with two sides). Within a bin events arrive uniformly, so that the
 * queue is highest at its ends and the recursion is exact.
 */
export function leastOverflow({ arrivals, binMs, capacity, latencyTargetMs }: OverflowQuestion): LeastOverflow {
  const folded = (capacity * binMs) / 1000
  const most = (capacity * latencyTargetMs) / 1000
  const perBin: number[] = []
  let queue = 0
  let total = 0
  for (const events of arrivals) {
    const level = queue + events - folded
    const overflow = Math.max(0, level - most)
    queue = Math.min(most, Math.max(0, level))
    total += overflow
    perBin.push(overflow > 0 ? Math.min(1, overflow / events) : 0)
  }
  return { total, perBin }
}
