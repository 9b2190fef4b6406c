import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'

/** Waits between tries. */
export interface Delays {
  /** Waits, longer each time and with jitter; rejects with `problem` in the message when the tries are used up. */
  next(problem: string): Promise<void>
}

/** Exponential delays with decorrelated jitter (50 ms at first, 2 s at most) for at most `tries` tries. */
export function jitteredDelays(tries: number): Delays {
  let backoff = new ExponentialBackoff<unknown>({ initialDelay: 50, maxDelay: 2_000 }).next()
  let used = 0
  return {
    async next(problem) {
      used += 1
      if (used >= tries)
        throw new Error(`${problem} after ${tries} tries; the service is overloaded or away, retry later`)
      await sleep(backoff.duration)
      backoff = backoff.next(undefined)
    },
  }
}
