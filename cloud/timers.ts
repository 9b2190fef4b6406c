import type { Timers } from '../core/protocol/side-by-side'

/** The longest that a timer of Node takes, 24 days; one that is set to more fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The timers of this machine. They keep the process alive: otherwise a function with nothing else to do would end as if
 * it had succeeded.
 */
export const machineTimers: Timers = {
  after: (delayMs, fire) => {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number) => {
      timer =
        leftMs <= LONGEST_TIMER_MS
          ? setTimeout(fire, leftMs)
          : setTimeout(() => wait(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
    }
    wait(delayMs)
    return () => clearTimeout(timer)
  },
}
