import { type Draw, draws } from '../events/random'
import { countUpTo } from './curve'
import type { Schedule } from './schedule'

/**
 * Only the beginning of each block is kept, and the block in use is computed again: 1/256 of the memory of all times.
 */
const BLOCK = 256

/** Independent arrivals: seeded exponential gaps with a mean of 1000 / rate ms, for `durationMs`. */
export function poissonSchedule(rate: number, durationMs: number, seed: number): Schedule {
  const gap = exponential(draws(seed, 'gap'), 1000 / rate)
  const { starts, total } = blockStarts(gap, durationMs)
  const times = new Float64Array(BLOCK)
  let cached = -1
  const blockTimes = (block: number): Float64Array => {
    if (block === cached) return times
    for (let i = 0, at = starts[block]!; i < BLOCK; at += gap(block * BLOCK + ++i)) times[i] = at
    cached = block
    return times
  }
  return {
    durationMs,
    total,
    spike: null,
    timeOf: (n) => blockTimes(Math.floor(n / BLOCK))[n % BLOCK]!,
    dueAt(ms) {
      const block = countUpTo(starts, ms) - 1
      return block < 0 ? 0 : Math.min(total, block * BLOCK + countUpTo(blockTimes(block), ms))
    },
  }
}

/** The time of each block's first event, and the number of events before `durationMs`. */
function blockStarts(gap: Draw, durationMs: number): { starts: Float64Array; total: number } {
  const starts: number[] = []
  let total = 0
  for (let at = gap(0); at < durationMs; at += gap(++total)) {
    if (total % BLOCK === 0) starts.push(at)
  }
  return { starts: Float64Array.from(starts), total }
}

function exponential(draw: Draw, mean: number): Draw {
  return (n) => -mean * Math.log(1 - draw(n))
}
