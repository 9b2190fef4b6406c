import { usageUsd } from '../core/cost'
import type { BurstCloud } from './burst-cloud'
import type { SidecarFacts } from './controller-messages'
import type { FoldStage } from './fold-stage'
import type { StandingOrders } from './standing-orders'

/** What a sidecar tells of itself. */
export interface ToldFacts {
  readonly stage: FoldStage
  readonly orders: StandingOrders
  readonly cloud: Pick<BurstCloud, 'lanes'>
  readonly canBurst: boolean
  readonly version: string
  readonly incarnation: string
}

/** Everything that the controller of the job and people want to know, at one moment. */
export function factsOf({ stage, orders, cloud, canBurst, version, incarnation }: ToldFacts): SidecarFacts {
  const { overflow, router, events, accepted } = stage
  const { controller } = router
  const { throttled, failed: failedSends, divertMs } = overflow.sender.counters()
  const { cloudState: state, sentEnvelopes, reclaims, oldestInFlightMs } = overflow
  const usage = overflow.used()
  return {
    ...controller.facts(),
    ...{ incarnation, version, canBurst, accepted },
    transport: orders.config.transport,
    mode: controller.mode,
    bursting: controller.isBursting,
    reason: controller.intent.reason,
    isSending: overflow.episodes.current !== undefined,
    decision: controller.decision,
    events: { ...events },
    cloud: { state, sentEnvelopes, reclaims, failedSends, throttled, divertMs, oldestInFlightMs },
    usage,
    usd: usageUsd(usage),
    streamLanes: cloud.lanes,
    putToPartial: putToPartialOf(stage),
    limits: orders.limits,
    ordersAgoMs: orders.agoMs,
  }
}

function putToPartialOf({ overflow }: FoldStage): SidecarFacts['putToPartial'] {
  const { bounds, upTo, count, sum } = overflow.latency.bucketCounts()
  return { bounds: [...bounds], upTo: [...upTo], count, sum }
}
