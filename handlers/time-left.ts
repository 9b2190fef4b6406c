import type { Timers } from '../core/protocol/side-by-side'

/**
 * Kept back of the time that the function has: for one event of a `map` that computes, a collection of garbage, the
 * answer and the log. A function that is killed reports nothing: all is done again, and its instance is lost.
 */
const RESERVE_MS = 2_000
const RESERVE_SHARE = 0.25 // at most, so that also a function with a short timeout gets something done

/** There was not enough time. A later call may have more: the rest alone, on an instance that is warm. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime'
  readonly code = 'out_of_time'
  readonly retryable = true
}

/** What the functions ask of the time that they have; without `remainingMs` they have as much as they like. */
export class TimeLeft {
  private readonly reserveMs: number

  constructor(
    private readonly remainingMs: () => number = () => Number.POSITIVE_INFINITY,
    private readonly timers?: Timers,
  ) {
    this.reserveMs = Math.min(RESERVE_MS, remainingMs() * RESERVE_SHARE)
  }

  /** Until work has to stop, in ms. */
  get workMs(): number {
    return this.remainingMs() - this.reserveMs
  }

  /** Throws OutOfTime once work has to stop. */
  check(): void {
    if (this.workMs <= 0) throw new OutOfTime('the time of the function is nearly over')
  }

  /**
   * What the work comes to; rejects with OutOfTime when that takes too long. It may go on then, and nobody hears of it.
   */
  async within<T>(work: () => Promise<T>): Promise<T> {
    this.check()
    const { timers, workMs } = this
    if (timers === undefined || !Number.isFinite(workMs)) return work()
    let cancel = () => {}
    const over = new Promise<never>((_, reject) => {
      cancel = timers.after(workMs, () => reject(new OutOfTime('the time of the function is nearly over')))
    })
    try {
      return await Promise.race([work(), over])
    } finally {
      cancel()
    }
  }
}
