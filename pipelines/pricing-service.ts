import { setTimeout as sleep } from 'node:timers/promises'
import { murmur3 } from '../core/murmur3'

/**
 * A simulated remote pricing service: an answer takes `serviceMs`, and at most `slots` requests are in progress, so a client gets at
 * most `slots / serviceMs` answers per ms on any machine. Timers fire late, and later on a busy machine; so each slot keeps its own clock, and the next request on it
 * is due from when the last one should have ended, not from when the timer said so.
 */
export class PricingService {
  private readonly freeAtMs: number[]

  constructor(
    private readonly slots: number,
    private readonly serviceMs: number,
    private readonly seed: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.freeAtMs = new Array(slots).fill(Number.NEGATIVE_INFINITY)
  }

  /** The rate for a text: 0.5 to 1.499, always the same for the same text. */
  async rate(text: string): Promise<number> {
    const dueMs = this.reserve()
    while (this.nowMs() < dueMs) await sleep(Math.ceil(dueMs - this.nowMs()))
    return 0.5 + (murmur3(`${this.seed}:${text}`, 0) % 1000) / 1000
  }

  /** Takes the slot that is free first and returns when its answer is due. */
  private reserve(): number {
    let slot = 0
    for (let other = 1; other < this.slots; other++) if (this.freeAtMs[other]! < this.freeAtMs[slot]!) slot = other
    const dueMs = Math.max(this.nowMs(), this.freeAtMs[slot]!) + this.serviceMs
    this.freeAtMs[slot] = dueMs
    return dueMs
  }
}
