import { TOLERATED_SHARE } from '../../core/control/target-watch'
import type { Figures } from '../simulate/figures'

/** What the answer comes to. */
export type Verdict =
  /** Hardly anything was over the target as it is. */
  | 'enough'
  /** Bursting keeps the target, or comes a good deal nearer to it. */
  | 'helps'
  /** So much would burst that the base is too small for the load of every day. */
  | 'too-small'
  /** What would burst would be about as late as it is. */
  | 'hardly'

const MOST_BURST = 0.5 // of the events: then functions are the machine, and a larger base is cheaper
const GOOD_DEAL = 0.5 // of the p99 as it is

/** Judges two policies on the same load: nothing done, and bursting. */
export function verdictOf(asItIs: Figures, bursting: Figures): Verdict {
  if (asItIs.overTarget <= TOLERATED_SHARE) return 'enough'
  if (bursting.burst > bursting.accepted * MOST_BURST) return 'too-small'
  const isKept = bursting.overTarget <= TOLERATED_SHARE
  const isNearer = bursting.processingDelayMs.p99 <= asItIs.processingDelayMs.p99 * GOOD_DEAL
  return isKept || isNearer ? 'helps' : 'hardly'
}
