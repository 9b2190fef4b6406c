import { type Curve, countAt, timeAt } from './curve'
import type { Spike } from './profile'

/**
 * When each event is meant to be sent: a pure function of (profile, seed). All times are ms from the start of the run.
 */
export interface Schedule {
  readonly durationMs: number
  /** Events in the whole schedule. */
  readonly total: number
  readonly spike: Spike | null
  /** How many events are due up to and including `ms`. */
  dueAt(ms: number): number
  /** The intended time of event `n`, 0 <= n < total; never falls as n grows. */
  timeOf(n: number): number
}

/**
 * Event n is meant for the moment at which the integral reaches n + 1/2: far from the whole numbers, where rounding
 * could lose one.
 */
export function curveSchedule(curve: Curve, durationMs: number, spike: Spike | null): Schedule {
  const dueAt = (ms: number) => Math.floor(countAt(curve, ms) + 0.5)
  return { durationMs, spike, total: dueAt(durationMs), dueAt, timeOf: (n) => timeAt(curve, n + 0.5) }
}
