import type { Lanes } from '../cloud/deployment'
import type { CapacityMeter } from '../cloud/item-store'
import { idleUsdPerHour, type Usage, usageUsd } from '../core/cost'
import type { BurstMode } from '../core/policy'
import type { Episode } from './episodes'
import type { Percentiles } from './histogram'
import type { EdgeNode, EventCounts } from './node'
import type { Prewarmer } from './prewarmer'

/** Everything that `GET /v1/status` tells. Times are epoch ms, delays ms, rates events per second, counts since the start of the process. */
export interface Status {
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
  readonly bootEpoch: number
  readonly ready: boolean
  readonly mode: BurstMode
  readonly events: EventCounts & { readonly pending: number }
  readonly windows: {
    readonly open: number
    readonly closing: number
    readonly finalizing: number
    readonly final: number
    readonly withBurst: number
  }
  /** null before the first closing. */
  readonly horizon: number | null
  readonly watermark: number | null
  readonly edge: {
    readonly trueRate: number
    readonly backlogEvents: number
    readonly backlogBytes: number
    readonly queueDelayMs: number
    readonly folded: number
    readonly busyMs: number
    readonly groups: number
  }
  readonly burst: {
    readonly active: boolean
    readonly route: string
    readonly reason: string
    readonly inFlightEnvelopes: number
    readonly inFlightBytes: number
    readonly lanes: Lanes
    /** Events per second of one lane, from what the functions report; 0 before any did. */
    readonly laneRate: number
    readonly throttled: number
    readonly episodes: readonly Episode[]
  }
  readonly envelopes: number
  readonly processingDelayMs: Percentiles
  readonly windowLatencyMs: Percentiles
  readonly cloud: Usage & { readonly usd: number; readonly idleUsdPerHour: number }
}

/** What the status is made of besides the node. */
export interface StatusSources {
  readonly node: EdgeNode
  readonly pipeline: string
  readonly identity: { readonly version: string; readonly incarnation: string; readonly epoch: number }
  readonly lanes: Lanes
  readonly prewarmer: Prewarmer
  readonly meters: readonly CapacityMeter[]
}

export function statusOf({ node, pipeline, identity, lanes, prewarmer, meters }: StatusSources): Status {
  const facts = node.facts()
  const { windows, horizonMs, watermarkMs, groups, folded, busyMs } = node.progress
  const sent = node.overflow.sender.counters()
  const usage = node.overflow.usage.total(sent, prewarmer.invocations, meters)
  const { decision } = node
  return {
    pipeline,
    version: identity.version,
    incarnation: identity.incarnation,
    bootEpoch: identity.epoch,
    ready: node.unready === null,
    mode: node.mode,
    events: {
      ...node.events,
      pending: node.events.accepted - node.events.edge - node.events.burst - node.events.deadLettered,
    },
    windows: {
      open: windows.open,
      closing: windows.closing,
      finalizing: windows.finalizing,
      final: windows.final,
      withBurst: node.finisher.withBurst,
    },
    horizon: finiteOrNull(horizonMs),
    watermark: finiteOrNull(watermarkMs),
    edge: {
      trueRate: facts.trueRate,
      backlogEvents: facts.backlogEvents,
      backlogBytes: facts.backlogBytes,
      queueDelayMs: decision.queueDelayMs,
      folded,
      busyMs,
      groups,
    },
    burst: {
      active: node.overflow.episodes.current !== undefined,
      route: decision.route,
      reason: decision.reason,
      inFlightEnvelopes: facts.inFlightEnvelopes,
      inFlightBytes: facts.inFlightBytes,
      lanes,
      laneRate: node.overflow.usage.laneRate,
      throttled: sent.throttled,
      episodes: node.overflow.episodes.all,
    },
    envelopes: node.cutter.envelopes,
    processingDelayMs: node.arrivals.percentiles(),
    windowLatencyMs: node.finisher.latency.percentiles(),
    cloud: { ...usage, usd: usageUsd(usage), idleUsdPerHour: idleUsdPerHour(lanes.shards) },
  }
}

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null)
