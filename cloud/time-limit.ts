import { TimedOut, type TimeLimit } from '../core/time-limit'

/** Calls `fire` once after at least `delayMs`; returns how to prevent that. */
export interface Timers {
  after(delayMs: number, fire: () => void): () => void
}

interface Waiting {
  readonly sinceTick: number
  readonly expire: () => void
}

const TICKS = 8 // per limit: an eighth of it is how late an expiry may come

/** Those of this machine. They keep the process alive, and must: a function with nothing else to do would end as if it had succeeded. */
const machineTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

/** A time limit for any number of promises at once, by one timer for all of them: a timer each would cost more than most events. */
export function timeLimit(timers: Timers = machineTimers): TimeLimit {
  const deadlines = new Map<number, Deadlines>()
  return (work, limitMs) => {
    let same = deadlines.get(limitMs)
    if (same === undefined) {
      same = new Deadlines(limitMs, timers)
      deadlines.set(limitMs, same)
    }
    return same.watch(work)
  }
}

/**
 * Promises with one and the same limit. Time is counted in ticks, not read from a clock: a process that was stopped for a minute, or a
 * function that was frozen, has waited for one tick and not for a minute.
 */
class Deadlines {
  private readonly waiting = new Set<Waiting>() // in the order in which they expire
  private ticks = 0
  private cancelTick = () => {}

  constructor(
    private readonly limitMs: number,
    private readonly timers: Timers,
  ) {}

  watch(work: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiting = { sinceTick: this.ticks, expire: () => reject(new TimedOut(this.limitMs)) }
      if (this.waiting.size === 0) this.scheduleTick()
      this.waiting.add(waiting)
      Promise.resolve(work).then(
        (value) => {
          this.leave(waiting)
          resolve(value)
        },
        (error) => {
          this.leave(waiting)
          reject(error)
        },
      )
    })
  }

  private leave(waiting: Waiting): void {
    if (this.waiting.delete(waiting) && this.waiting.size === 0) this.cancelTick()
  }

  private scheduleTick(): void {
    this.cancelTick = this.timers.after(Math.ceil(this.limitMs / TICKS), () => this.tick())
  }

  private tick(): void {
    this.ticks += 1
    for (const waiting of this.waiting) {
      if (this.ticks - waiting.sinceTick <= TICKS) break // it began after a tick, so that tick was not a whole one
      this.waiting.delete(waiting)
      waiting.expire()
    }
    if (this.waiting.size > 0) this.scheduleTick()
  }
}
