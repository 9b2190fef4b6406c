import type { Schedule } from '../schedule/schedule'

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

/** Time as the run sees it; tests bring their own. */
export interface Clock {
  /** Epoch ms, with a fraction; never goes back. */
  now(): number
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The wall clock at the time of the call, advanced by the monotonic one: a correction of the clock moves no schedule.
 */
export function systemClock(): Clock {
  const originMs = Date.now() - performance.now()
  return { now: () => originMs + performance.now(), sleep }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.ceil(ms))
    signal.addEventListener('abort', wake)
  })
}
