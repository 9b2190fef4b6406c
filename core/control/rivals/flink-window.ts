import type { Facts } from '../control'

/**
 * What was measured over some time. `ratedMs`: the part of it in which the true rate was known, and `ratedEvents` what
 * it would have folded in that.
 */
interface Measured {
  readonly untilMs: number
  readonly ms: number
  readonly events: number
  readonly ratedMs: number
  readonly ratedEvents: number
}

/**
 * The metrics since the last start, at most a window's worth: whole slices, oldest first, and the one that is being
 * filled.
 */
export interface MetricsWindow {
  readonly sinceMs: number
  readonly slices: readonly Measured[]
  readonly open: Measured
}

/** Averages over the window, in events per second; `trueRate` 0 while nothing was folded. */
export interface Averages {
  readonly arrivalRate: number
  readonly trueRate: number
}

const nothing = (untilMs: number): Measured => ({ untilMs, ms: 0, events: 0, ratedMs: 0, ratedEvents: 0 })

/** A window that begins at `sinceMs`: what comes before is not measured. */
export const windowFrom = (sinceMs: number): MetricsWindow => ({ sinceMs, slices: [], open: nothing(sinceMs) })

/** Counts the time since the last look by the rates of now. */
export function measured(window: MetricsWindow, { steadyRate, trueRate }: Facts, nowMs: number): MetricsWindow {
  const { open } = window
  const ms = nowMs - open.untilMs
  if (ms <= 0) return window
  const ratedMs = trueRate > 0 ? ms : 0
  return {
    ...window,
    open: {
      untilMs: nowMs,
      ms: open.ms + ms,
      events: open.events + (steadyRate * ms) / 1000,
      ratedMs: open.ratedMs + ratedMs,
      ratedEvents: open.ratedEvents + (trueRate * ratedMs) / 1000,
    },
  }
}

/** Ends the open slice and forgets those that are older than the window. */
export function sliced({ sinceMs, slices, open }: MetricsWindow, windowMs: number): MetricsWindow {
  const kept = [...slices, open].filter(({ untilMs }) => untilMs > open.untilMs - windowMs)
  return { sinceMs, slices: kept, open: nothing(open.untilMs) }
}

/** The averages over the whole slices. */
export function averages({ slices }: MetricsWindow): Averages {
  const sum = (of: (slice: Measured) => number) => slices.reduce((total, slice) => total + of(slice), 0)
  const perSecond = (events: number, ms: number) => (ms > 0 ? (events / ms) * 1000 : 0)
  return {
    arrivalRate: perSecond(
      sum(({ events }) => events),
      sum(({ ms }) => ms),
    ),
    trueRate: perSecond(
      sum(({ ratedEvents }) => ratedEvents),
      sum(({ ratedMs }) => ratedMs),
    ),
  }
}
