import type { Answer } from '../../core/protocol/log-record'
import type { Context } from './context'
import type { Reply } from './edge/edge'
import type { Machine } from './edge/machine'
import type { Random } from './random'
import type { Batch } from './workload'

/** Sends one request under its key again and again until the answer is definite. */
export class Delivery {
  answer: Answer | null = null
  private attempt = 0
  private readonly random: Random

  constructor(
    readonly batch: Batch,
    private readonly context: Context,
    private readonly machine: Machine,
  ) {
    this.random = context.randomOf(`delivery of ${batch.key}`)
  }

  /** Begins, or begins anew in another life of the data directory, after `delayMs`. */
  begin(delayMs: number): void {
    this.answer = null
    this.attempt += 1
    const { attempt } = this
    this.context.timeline.after(delayMs, () => this.send(attempt))
  }

  private send(attempt: number): void {
    if (attempt !== this.attempt) return
    const { timeline, faults } = this.context
    const { life } = this.machine
    this.note(() => `sends ${this.batch.lines.length} lines`)
    const copies = faults.strikes('request lost') ? 0 : faults.strikes('request doubled') ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      timeline.after(this.delayMs(), () => this.machine.deliver(this.batch, (reply) => this.replied(life, reply)))
    }
    timeline.after(this.random.between(300, 1_500), () => this.again(attempt))
  }

  private replied(life: number, reply: Reply): void {
    const { timeline, faults } = this.context
    if (faults.strikes('response lost')) return
    timeline.after(this.delayMs(), () => {
      if (life === this.machine.life) this.hears(reply)
    })
  }

  private hears(reply: Reply): void {
    this.note(() => `hears ${reply.status}`)
    switch (reply.status) {
      case 202:
      case 422:
        this.answer = reply.answer
        return
      case 400:
        this.answer = this.nothing()
        return
      case 429:
      case 503:
        if (this.answer === null) this.retry(this.attempt, reply.retryAfterMs)
    }
  }

  /** Of a body that was refused as a whole. */
  private nothing(): Answer {
    const reason = 'the line is no JSON value'
    const rejected = this.batch.lines.map((_, index) => ({ line: index + 1, code: 'invalid_json', reason }) as const)
    return { accepted: 0, late: 0, partlyLate: 0, horizon: null, rejected }
  }

  /** The answer did not come in time. */
  private again(attempt: number): void {
    if (attempt === this.attempt && this.answer === null) this.retry(attempt, 0)
  }

  private retry(attempt: number, delayMs: number): void {
    if (attempt !== this.attempt) return
    this.attempt += 1
    const next = this.attempt
    this.context.timeline.after(delayMs + this.random.between(10, 200), () => this.send(next))
  }

  private delayMs(): number {
    return (
      this.random.between(1, 10) + (this.context.faults.strikes('network slow') ? this.random.between(50, 2_000) : 0)
    )
  }

  private note(what: () => string): void {
    this.context.trace.note(this.batch.key, what)
  }
}
