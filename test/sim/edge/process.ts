import type { Timeline } from '../timeline'

const SLOW_TURN_MS = 200

/**
 * A process of the world: one boot of the edge, one call of a function. Once dead, nothing reaches it and its promises
 * never settle.
 */
export class SimProcess {
  private dead = false
  private stoppedUntilMs = 0
  private stoppedMs = 0

  constructor(
    readonly name: string,
    readonly timeline: Timeline,
  ) {}

  get alive(): boolean {
    return !this.dead
  }

  /**
   * Time in which it could run, up to now; of each stop the beginning counts, which a loop may take for one slow turn.
   */
  get ranMs(): number {
    const aheadMs = Math.max(0, this.stoppedUntilMs - this.timeline.nowMs)
    return this.timeline.nowMs + aheadMs - this.stoppedMs
  }

  kill(): void {
    this.dead = true
  }

  /** SIGSTOP, and SIGCONT `durationMs` later: what reaches it in the meantime waits, in order. */
  stop(durationMs: number): void {
    const { nowMs } = this.timeline
    if (this.stoppedUntilMs > nowMs) return
    this.stoppedMs += Math.max(0, durationMs - SLOW_TURN_MS)
    this.stoppedUntilMs = nowMs + durationMs
  }

  /** Calls `fire` in this process, after at least `delayMs`; returns how to prevent that. */
  after(delayMs: number, fire: () => void): () => void {
    let cancelled = false
    const reach = () => {
      if (cancelled || this.dead) return
      const waitMs = this.stoppedUntilMs - this.timeline.nowMs
      if (waitMs > 0) this.timeline.after(waitMs, reach)
      else fire()
    }
    this.timeline.after(delayMs, reach)
    return () => {
      cancelled = true
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /**
   * Asks something elsewhere. Once sent, it takes effect there even when this process is dead by then; the answer needs
   * it alive.
   */
  ask<T>(thereMs: number, effect: () => T, backMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      this.timeline.after(thereMs, () => {
        const answer = attempt(effect)
        this.after(backMs, () => ('error' in answer ? reject(answer.error) : resolve(answer.value)))
      })
    })
  }
}

function attempt<T>(effect: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: effect() }
  } catch (error) {
    return { error }
  }
}
