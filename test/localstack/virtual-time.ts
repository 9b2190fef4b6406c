import type { StartTimer } from '../../localstack/embedded/timers'

interface PendingTimer {
  readonly atMs: number
  readonly fire: () => void
}

/** A clock that only moves when it is told to, and the timers that hang on it. */
export class VirtualTime {
  private readonly timers = new Set<PendingTimer>()

  constructor(private nowMs = 1_700_000_000_000) {}

  readonly now = (): number => this.nowMs

  readonly startTimer: StartTimer = (delayMs, fire) => {
    const timer = { atMs: this.nowMs + Math.max(delayMs, 0), fire }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.timers.size
  }

  /** A promise that resolves after `delayMs` of virtual time. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.startTimer(delayMs, resolve)
    })
  }

  /**
   * Lets `durationMs` pass: fires the timers of that time in order, and after each lets the promises that wait on it
   * run.
   */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs
    await settled()
    for (let timer = this.nextUntil(endMs); timer; timer = this.nextUntil(endMs)) {
      this.timers.delete(timer)
      this.nowMs = Math.max(this.nowMs, timer.atMs)
      timer.fire()
      await settled()
    }
    this.nowMs = endMs
  }

  private nextUntil(endMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.timers) if (timer.atMs <= endMs && (!next || timer.atMs < next.atMs)) next = timer
    return next
  }
}

/** All promises that can go on without a timer have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
