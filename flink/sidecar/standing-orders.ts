import { type Orders, obeyed } from '../../core/control/job/orders'
import type { RunningPolicy } from '../../core/control/policies'
import type { BurstMode } from '../../core/control/route'
import type { Config } from '../../edge-node/config/config'
import type { Clock } from '../../edge-node/observe/clock'

/**
 * What the controller of the job said last. It holds until something else is said, however long ago that is: its shares
 * are a part of the job's limits, and without them a sidecar that lost its controller would take more than its part.
 * Orders narrow the sidecar's own settings and never widen them.
 */
export class StandingOrders {
  /** The settings of the sidecar, with the limits that hold now. */
  readonly config: Config
  private last: { readonly orders: Orders; readonly atMs: number } | null = null

  constructor(
    private readonly own: Config,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    const limits = () => this.limits
    this.config = {
      ...own,
      get maxInvokes() {
        return limits().lanes
      },
      get maxUsdPerHour() {
        return limits().maxUsdPerHour
      },
    }
  }

  obey(orders: Orders): void {
    this.last = { orders, atMs: this.clock.monotonicMs() }
  }

  get limits(): { readonly lanes: number; readonly maxUsdPerHour: number } {
    const { maxInvokes, maxUsdPerHour } = this.own
    if (this.last === null) return { lanes: maxInvokes, maxUsdPerHour }
    const { orders } = this.last
    return {
      lanes: Math.min(maxInvokes, orders.lanes),
      maxUsdPerHour: Math.min(maxUsdPerHour, orders.maxUsdPerHour),
    }
  }

  /** Without a way to the cloud, or without a function to call, nothing is ever sent. */
  get mode(): BurstMode {
    if (this.own.mode === 'never' || this.limits.lanes === 0) return 'never'
    return this.last?.orders.mode ?? this.own.mode
  }

  /** Since the last ones came; null before any. */
  get agoMs(): number | null {
    return this.last === null ? null : this.clock.monotonicMs() - this.last.atMs
  }

  /** The sidecar's own policy under these orders. */
  over(policy: RunningPolicy): RunningPolicy {
    return {
      decide: (facts, nowMs) => obeyed(policy.decide(facts, nowMs), this.last?.orders ?? null),
      sent: () => policy.sent(),
    }
  }
}
