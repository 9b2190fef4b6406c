import type { Assumptions } from '../settings'
import type { Agenda } from './agenda'

const STAYS_WARM_MS = 120_000 // as in edge-node/burst/prewarmer.ts

/** Instances of the burst function: warm ones are taken first; others are started, as fast as Lambda adds them. */
export class Functions {
  invocations = 0
  billedMs = 0
  initMs = 0
  coldStarts = 0
  /** When each idle instance was last at work; the latest last. */
  private readonly idle: number[] = []
  private busy = 0
  private startable: number
  private refilledMs = 0
  private warmUntilMs = Number.NEGATIVE_INFINITY

  /** `clockMs` goes on over times that the agenda leaves out. */
  constructor(
    private readonly agenda: Agenda,
    private readonly given: Assumptions,
    private readonly keepsWarm: boolean,
    private readonly lanes: number,
    private readonly clockMs: () => number,
  ) {
    this.startable = given.newInstancesPer10s
    if (keepsWarm) this.idle = new Array(lanes).fill(0)
  }

  /** Calls back once an instance stands ready: now, after a cold start, or when there may be another one. */
  acquire(ready: () => void): void {
    if (this.takeIdle()) ready()
    else if (this.mayStart()) this.agenda.after(this.given.coldStartMs, ready)
    else this.agenda.after(100, () => this.acquire(ready)) // the mapping is throttled and tries again
  }

  /** The instance has worked for so long. */
  release(workedMs: number): void {
    this.busy -= 1
    this.invocations += 1
    this.billedMs += Math.ceil(workedMs)
    this.idle.push(this.clockMs())
  }

  /** Starts an instance a lane, unless there was a call for that or work within two minutes. */
  prewarm(): void {
    if (this.clockMs() < this.warmUntilMs) return
    this.worked()
    for (let lane = 0; lane < this.lanes; lane++) this.acquire(() => this.release(1))
  }

  worked(): void {
    this.warmUntilMs = this.clockMs() + STAYS_WARM_MS
  }

  private takeIdle(): boolean {
    const usedMs = this.idle.pop()
    if (usedMs === undefined) return false
    if (!this.keepsWarm && this.clockMs() - usedMs > this.given.idleInstanceMs) {
      this.idle.length = 0
      return false
    }
    this.busy += 1
    return true
  }

  private mayStart(): boolean {
    const { newInstancesPer10s, maxInstances, coldStartMs } = this.given
    const nowMs = this.clockMs()
    const refill = ((nowMs - this.refilledMs) / 10_000) * newInstancesPer10s
    this.startable = Math.min(newInstancesPer10s, this.startable + refill)
    this.refilledMs = nowMs
    if (this.startable < 1 || this.busy + this.idle.length >= maxInstances) return false
    this.startable -= 1
    this.busy += 1
    this.coldStarts += 1
    this.initMs += coldStartMs
    return true
  }
}
