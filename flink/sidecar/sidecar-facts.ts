import { usageUsd } from '../../core/control/cost'
import { DurationHistogram } from '../../edge-node/observe/histogram'
import type { BurstCloud } from './burst-cloud'
import type { SidecarFacts } from './controller-messages'
import type { FoldStage } from './fold/fold-stage'
import type { KeptEnvelopes } from './kept-envelopes'
import type { StandingOrders } from './standing-orders'

/** What a sidecar tells of itself. */
export interface ToldFacts {
  readonly stage: FoldStage
  readonly orders: StandingOrders
  readonly cloud: Pick<BurstCloud, 'lanes'>
  readonly kept: Pick<KeptEnvelopes, 'bytes'>
  readonly delays: Pick<EventDelays, 'figures'>
  readonly canBurst: boolean
  readonly version: string
  readonly incarnation: string
}

/** Everything that the controller of the job and people want to know, at one moment. */
export const factsOf = (told: ToldFacts) => ({ ...forController(told), ...forPeople(told) })

/** What the controller does not ask for: how long events took, what went to the cloud, and what is held in memory. */
function forPeople({ stage, orders, kept, delays }: ToldFacts) {
  const limitBytes = orders.config.maxBacklogBytes
  return {
    pid: process.pid,
    eventDelayMs: delays.figures(),
    burst: stage.burst(),
    held: { ...stage.held, keptBytes: kept.bytes, limitBytes },
  }
}

function forController({ stage, orders, cloud, canBurst, version, incarnation }: ToldFacts): SidecarFacts {
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

/** How long events took, from their own time until they were folded; other clocks than this one count in. */
export class EventDelays {
  private readonly histogram = new DurationHistogram()
  private events = 0

  /** Events of one envelope, folded now. Neighbours of the same ms are recorded at once. */
  folded(timestampsMs: readonly number[], nowMs: number): void {
    let run = 0
    timestampsMs.forEach((timestampMs, index) => {
      run += 1
      if (timestampsMs[index + 1] === timestampMs) return
      this.histogram.record(nowMs - timestampMs, run)
      run = 0
    })
    this.events += timestampsMs.length
  }

  figures() {
    return { events: this.events, ...this.histogram.percentiles() }
  }
}
