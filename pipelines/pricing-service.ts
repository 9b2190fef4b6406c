import { murmur3 } from '../core/aggregates/murmur3'

interface Request {
  readonly dueMs: number
  readonly answer: () => void
}

const USUAL_SLOTS = 4
const MOST_SLOTS = 1_024

/**
 * Part of the simulation: PRICING_SLOTS gives a process as much of the pricing service as a larger machine would have,
 * so that benchmarks can compare with one. 4 unless it is set; functions do not have it. Throws for anything but a
 * whole number from 1 to 1,024.
 */
export function simulatedSlots({ PRICING_SLOTS: text }: NodeJS.ProcessEnv): number {
  if (text === undefined) return USUAL_SLOTS
  const slots = Number(text)
  if (Number.isInteger(slots) && slots >= 1 && slots <= MOST_SLOTS) return slots
  throw new Error(`PRICING_SLOTS is ${JSON.stringify(text)}; it takes a whole number from 1 to ${MOST_SLOTS}`)
}

/**
 * A simulated remote pricing service: an answer takes `serviceMs`, and at most `slots` requests are in progress, so a
 * client gets at most `slots / serviceMs` answers per ms on any machine. Timers fire late, and later on a busy machine;
 * so each slot keeps its own clock, and the next request on it is due from when the last one should have ended, not
 * from when the timer said so.
 */
export class PricingService {
  private readonly freeAtMs: number[]
  /** In the order in which they are due: a request takes the slot that is free first. */
  private readonly requests: Request[] = []
  private timer: NodeJS.Timeout | undefined

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
    await new Promise<void>((answer) => {
      this.requests.push({ dueMs, answer })
      this.wait()
    })
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

  /** One timer for all requests: a timer each would cost more than the rest of the work. */
  private wait(): void {
    const next = this.requests[0]
    if (this.timer !== undefined || next === undefined) return
    this.timer = setTimeout(() => this.answerDue(), Math.max(1, Math.ceil(next.dueMs - this.nowMs())))
  }

  private answerDue(): void {
    this.timer = undefined
    const nowMs = this.nowMs()
    while (this.requests[0] !== undefined && this.requests[0].dueMs <= nowMs) this.requests.shift()!.answer()
    this.wait()
  }
}
