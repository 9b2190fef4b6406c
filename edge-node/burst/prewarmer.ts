import type { Logger } from 'pino'
import type { BurstEvent } from '../../cloud/burst-function'
import type { FunctionInvoker } from '../../cloud/functions'
import { type Clock, systemClock } from '../observe/clock'

const STAYS_WARM_MS = 120_000 // AWS promises nothing; idle instances are seen to live for minutes
/**
 * Most instances that are kept warm. New accounts may run 10 at once, and a spike that needs more starts them with its
 * first envelopes.
 */
const MAX_KEPT_WARM = 16
const HOLD_MS = 50 // calls that go out together reach the function within this, so each meets an instance of its own

/** Pure: when idle instances have to be called, given when they were last; null: never. Times of a monotonic clock. */
export function keepWarmAtMs(lastMs: number, everyMs: number): number | null {
  return everyMs > 0 ? lastMs + everyMs : null
}

/**
 * Starts function instances before there is work for them, so that no envelope waits for a cold start, and keeps some
 * from being ended.
 */
export class Prewarmer {
  /** When the instances had something to do. */
  private lastMs = Number.NEGATIVE_INFINITY
  /** When all of them had: an instance a lane. */
  private allMs = Number.NEGATIVE_INFINITY
  private calls = 0
  private cancel = () => {}

  constructor(
    private readonly burst: Pick<FunctionInvoker, 'invoke'>,
    /** How many envelopes the cloud may work on side by side; whoever scales the cloud says so here. */
    public lanes: number,
    private readonly logger: Logger,
    private readonly keepWarmEveryMs = 0,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Empty invocations made so far: they are billed like any others. */
  get invocations(): number {
    return this.calls
  }

  /** Keeps instances warm from now on, however long nothing has to be done. */
  start(): void {
    const dueMs = keepWarmAtMs(this.lastMs, this.keepWarmEveryMs)
    if (dueMs === null) return
    const waitMs = Math.max(0, dueMs - this.clock.monotonicMs())
    this.cancel = this.clock.after(waitMs, () => this.keepWarm())
  }

  stop(): void {
    this.cancel()
  }

  /**
   * Asks for an instance a lane, unless they are warm. Does not wait; a failure costs a cold start and nothing else.
   */
  prewarm(nowMs: number): void {
    if (nowMs < this.allMs + STAYS_WARM_MS) return
    this.call(nowMs, this.lanes, { Records: [] })
  }

  /** There was work: the instances stay warm by it. */
  worked(nowMs: number): void {
    this.lastMs = nowMs
    this.allMs = nowMs
  }

  private keepWarm(): void {
    const nowMs = this.clock.monotonicMs()
    const dueMs = keepWarmAtMs(this.lastMs, this.keepWarmEveryMs)
    if (dueMs !== null && nowMs >= dueMs)
      this.call(nowMs, Math.min(this.lanes, MAX_KEPT_WARM), { Records: [], holdMs: HOLD_MS })
    this.start()
  }

  private call(nowMs: number, count: number, event: BurstEvent): void {
    this.lastMs = nowMs
    if (count >= this.lanes) this.allMs = nowMs
    this.calls += count
    // At once, not one after the other: an instance that is done would take the next call itself.
    const calls = Array.from({ length: count }, () => this.burst.invoke(event))
    void Promise.allSettled(calls).then((answers) => this.report(answers))
  }

  private report(answers: readonly PromiseSettledResult<unknown>[]): void {
    const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []))
    if (errors.length > 0)
      this.logger.warn({ calls: answers.length, failed: errors.length, error: errors[0] }, 'instances are not warm')
  }
}
