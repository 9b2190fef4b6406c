/**
 * How much the cloud takes, as its throttles have shown. It is forgotten with time. Times are of the caller's monotonic
 * clock.
 */
export interface Ceiling {
  /** Events per second that may be sent; Infinity while nothing is known. */
  readonly rate: number
  /** What the last cut left, and when. */
  readonly cutRate: number
  readonly cutMs: number
  /** Up to when its growth is in `rate`. */
  readonly grownMs: number
}

export const NO_CEILING: Ceiling = {
  rate: Number.POSITIVE_INFINITY,
  cutRate: Number.POSITIVE_INFINITY,
  cutMs: Number.NEGATIVE_INFINITY,
  grownMs: Number.NEGATIVE_INFINITY,
}

const CUT_SHARE = 0.8
const CUT_EVERY_MS = 1_000 // the rate sent is that of the last second: sooner it does not show what the last cut did
const GROWTH_PER_SECOND = 0.05 // of what the cut left, so that a cloud of any size is tried again at the same pace
const FORGOTTEN_TIMES = 4 // a cloud that takes so many times as much is another one

/**
 * The cloud throttled while `sentRate` events per second were sent. Additive increase, multiplicative decrease (Chiu
 * and Jain, 1989): one cut a second at most, never to more than before. While nothing was sent nothing is learned.
 */
export function throttled(state: Ceiling, sentRate: number, nowMs: number): Ceiling {
  const grown = relax(state, nowMs)
  if (sentRate <= 0 || nowMs - grown.cutMs < CUT_EVERY_MS) return grown
  const rate = Math.min(grown.rate, sentRate * CUT_SHARE)
  return { rate, cutRate: rate, cutMs: nowMs, grownMs: nowMs }
}

/** The ceiling after some time without a throttle. */
export function relax(state: Ceiling, nowMs: number): Ceiling {
  if (state.rate === Number.POSITIVE_INFINITY) return state
  const seconds = Math.max(0, nowMs - state.grownMs) / 1000
  const rate = state.rate + state.cutRate * GROWTH_PER_SECOND * seconds
  if (rate > state.cutRate * FORGOTTEN_TIMES) return NO_CEILING
  return { ...state, rate, grownMs: Math.max(nowMs, state.grownMs) }
}
