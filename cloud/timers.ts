import type { Timers } from '../core/side-by-side'

/** Those of this machine. They keep its process alive, and must: a function with nothing else to do would end as if it had succeeded. */
export const machineTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}
