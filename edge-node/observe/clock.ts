import { machineTimers } from '../../cloud/timers'

/** Time as the node sees it: an argument, so that a simulation can hand in its own. */
export interface Clock {
  /** Wall clock in ms since 1970; may be set and may jump. */
  epochMs(): number
  /** Ms since some start; never goes back. */
  monotonicMs(): number
  /** Calls `fire` once after at least `delayMs`; returns how to prevent that. */
  after(delayMs: number, fire: () => void): () => void
  /** Calls `fire` once when everything else that is ready has had its turn. */
  soon(fire: () => void): void
}

/** The time of this machine. */
export const systemClock: Clock = {
  epochMs: Date.now,
  monotonicMs: () => performance.now(),
  after: machineTimers.after,
  soon: (fire) => void setImmediate(fire),
}
