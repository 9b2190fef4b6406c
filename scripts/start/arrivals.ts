import { type LeastOverflow, leastOverflow } from '../../core/control/least-overflow'
import type { LoadOptions } from '../load/options'
import { openSchedule } from '../load/schedule/open-schedule'
import type { Schedule } from '../load/schedule/schedule'

/** Short against any latency target, long against the 10 ms in which a request gathers its events. */
export const BIN_MS = 100

/** Events due in each bin of a schedule. */
export function arrivalsPerBin(schedule: Pick<Schedule, 'durationMs' | 'dueAt'>, binMs: number): number[] {
  const bins = Math.ceil(schedule.durationMs / binMs)
  return Array.from({ length: bins }, (_, bin) => {
    const before = bin === 0 ? 0 : schedule.dueAt(bin * binMs)
    return schedule.dueAt((bin + 1) * binMs) - before
  })
}

/**
 * The least that any policy would have had to burst of a load, for an edge of this capacity that starts with nothing
 * waiting.
 */
export async function leastOverflowOf(
  { profile, seconds, seed }: Pick<LoadOptions, 'profile' | 'seconds' | 'seed'>,
  capacity: number,
  latencyTargetMs: number,
): Promise<LeastOverflow> {
  const schedule = await openSchedule(profile, seconds, seed)
  return leastOverflow({ arrivals: arrivalsPerBin(schedule, BIN_MS), binMs: BIN_MS, capacity, latencyTargetMs })
}
