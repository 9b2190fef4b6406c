import type { Schedule } from './schedule'

/** The events from `first` on that travel in one request. */
export interface Batch {
  /** Dense, from 0, in schedule order. */
  readonly number: number
  readonly first: number
  /** The intended time of each event, ms from the start of the run. */
  readonly times: Float64Array
}

/** Events of one such slice of the schedule travel together. */
const COLLECT_MS = 10

/**
 * The batch that begins with event `first`: at most `maxEvents`, all from the same 10 ms of the schedule. Being cut by
 * the schedule and not by the clock, batches are the same in every run, and those that are due but not sent need no
 * memory.
 */
export function planBatch(schedule: Schedule, number: number, first: number, maxEvents: number): Batch {
  const endMs = (Math.floor(schedule.timeOf(first) / COLLECT_MS) + 1) * COLLECT_MS
  const end = Math.min(first + maxEvents, schedule.total)
  let next = first + 1
  while (next < end && schedule.timeOf(next) < endMs) next++
  return { number, first, times: Float64Array.from({ length: next - first }, (_, i) => schedule.timeOf(first + i)) }
}

/** When the batch can go out: with its last event. */
export function dueMs(batch: Batch): number {
  return batch.times[batch.times.length - 1]!
}
