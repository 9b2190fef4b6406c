import type { Logger } from 'pino'
import type { FunctionInvoker } from '../cloud/functions'

const STAYS_WARM_MS = 120_000 // AWS promises nothing; idle instances are seen to live for minutes

/** Starts function instances before there is work for them, so that their cold start overlaps the time until the stream is polled. */
export class Prewarmer {
  private warmUntilMs = Number.NEGATIVE_INFINITY
  private calls = 0

  constructor(
    private readonly burst: Pick<FunctionInvoker, 'invoke'>,
    private readonly lanes: number,
    private readonly logger: Logger,
  ) {}

  /** Empty invocations made so far: they are billed like any others. */
  get invocations(): number {
    return this.calls
  }

  /** Asks for an instance a lane, unless they are warm. Does not wait; a failure costs a cold start and nothing else. */
  prewarm(nowMs: number): void {
    if (nowMs < this.warmUntilMs) return
    this.warmUntilMs = nowMs + STAYS_WARM_MS
    this.calls += this.lanes
    // At once, not one after the other: an instance that is done would take the next call itself.
    for (let lane = 0; lane < this.lanes; lane++) {
      this.burst
        .invoke({ Records: [] })
        .catch((error) => this.logger.warn({ error: String(error) }, 'an instance could not be warmed'))
    }
  }

  /** There was work: the instances stay warm by it. */
  worked(nowMs: number): void {
    this.warmUntilMs = nowMs + STAYS_WARM_MS
  }
}
