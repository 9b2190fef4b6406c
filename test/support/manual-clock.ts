import type { Clock } from '../../edge-node/observe/clock'

interface Timer {
  readonly atMs: number
  readonly fire: () => void
}

const EPOCH_MS = Date.UTC(2023, 0, 1)

/** A clock that moves when it is told to. */
export class ManualClock implements Clock {
  private readonly timers = new Set<Timer>()

  constructor(private nowMs = 0) {}

  epochMs(): number {
    return EPOCH_MS + this.nowMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  soon(fire: () => void): void {
    setImmediate(fire)
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, fire }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** How many wait to be called. */
  get pending(): number {
    return this.timers.size
  }

  /** Lets time pass: calls what is due in order, and after each lets the promises run that can. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs
    await settled()
    for (let timer = this.next(endMs); timer !== undefined; timer = this.next(endMs)) {
      this.timers.delete(timer)
      this.nowMs = timer.atMs
      timer.fire()
      await settled()
    }
    this.nowMs = endMs
  }

  private next(untilMs: number): Timer | undefined {
    return [...this.timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
  }
}

/** Everything that waits for no timer and no file has gone on. */
export const settled = () => new Promise((resolve) => setImmediate(resolve))
