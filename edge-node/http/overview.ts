import { type DecisionMade, type Overview, SAMPLE_FIELDS, type Sample, type SampleField } from '../observe/feed'
import type { Status } from './status'

/** What a node and a Flink job both have to show. */
export type Shown = {
  readonly events: Pick<Status['events'], 'accepted' | 'edge' | 'burst' | 'deadLettered'>
  readonly edge: Pick<Status['edge'], 'queueDelayMs' | 'backlogEvents' | 'backlogBytes'>
  readonly burst: Pick<
    Status['burst'],
    'active' | 'throttled' | 'lanes' | 'laneRate' | 'parts' | 'capacity' | 'bottleneck'
  >
} & Pick<Status, 'controller' | 'cloud'>

/** The measurements of a moment, rounded to what a reader can tell apart. */
export function sampleOf(status: Shown, atMs: number): Sample {
  const { events, edge, burst, cloud, controller } = status
  const { facts } = controller
  const values: Record<SampleField, number> = {
    atMs,
    accepted: events.accepted,
    edge: events.edge,
    burst: events.burst,
    deadLettered: events.deadLettered,
    throttled: burst.throttled,
    usd: rounded(cloud.usd, 1e8),
    arrivalRate: rounded(facts.arrivalRate, 10),
    trueRate: rounded(facts.trueRate, 10),
    utilization: rounded(facts.utilization, 1_000),
    queueDelayMs: rounded(edge.queueDelayMs, 10),
    backlogEvents: edge.backlogEvents,
    backlogBytes: edge.backlogBytes,
    inFlightEnvelopes: facts.inFlightEnvelopes,
    inFlightEvents: facts.inFlightEvents,
    bursting: isBursting(status) ? 1 : 0,
  }
  return SAMPLE_FIELDS.map((field) => values[field])
}

/** What the page needs besides the samples. `limits` are of the configuration. */
export function overviewOf(
  status: Status,
  unready: string | null,
  limits: { readonly maxUsdPerHour: number; readonly cloud?: string },
  atMs: number,
): Overview {
  const { pipeline, version, incarnation, bootEpoch, mode, events, windows, controller } = status
  const { policy, reason, terms } = controller
  const { processingDelayMs, windowLatencyMs } = status
  return {
    ...{ atMs, pipeline, version, incarnation, bootEpoch, unready, mode, policy, reason },
    bursting: isBursting(status),
    routeReason: status.burst.reason,
    refusal: status.burst.refusal,
    latencyTargetMs: terms.latencyTargetMs,
    limitMs: terms.maxQueueDelayMs,
    ...{ events, windows, processingDelayMs, windowLatencyMs },
    dying: status.dying,
    overTargetForMs: processingDelayMs.overTargetForMs,
    retention: status.retention.inWords,
    cloud: { ...cloudOf(status), ...(limits.cloud === 'none' && { none: true }) },
    cost: {
      usd: status.cloud.usd,
      lastHourUsd: controller.facts.spentUsd,
      maxUsdPerHour: limits.maxUsdPerHour,
      idleUsdPerHour: status.cloud.idleUsdPerHour,
    },
  }
}

/** The changes of mode, newest first. */
export function decisionsOf({ controller }: Pick<Shown, 'controller'>, most: number): DecisionMade[] {
  const shown = controller.decisions.slice(-most).reverse()
  return shown.map(({ atMs, bursting, reason, facts }) => ({ atMs, bursting, reason, facts: plain(facts) }))
}

/** What a node knows of its cloud only where that is measured. */
type Measured = Partial<Pick<Overview['cloud'], 'latencyMs' | 'iteratorAgeMs'>>

/** The way to the cloud, as it is shown. */
export function cloudOf({ burst, controller, cloud }: Shown): Overview['cloud'] {
  const { facts } = controller
  const more: Measured = burst as Shown['burst'] & Measured
  const { inFlightEnvelopes, inFlightEvents, inFlightBytes, divertUs, trueRate } = facts
  return {
    away: facts.cloudAway ?? null,
    shards: burst.lanes.shards,
    parallelization: burst.lanes.parallelization,
    laneRate: burst.laneRate,
    ...{ inFlightEnvelopes, inFlightEvents, inFlightBytes },
    throttled: burst.throttled,
    ceilingRate: Number.isFinite(facts.ceilingRate) ? facts.ceilingRate : null,
    divertUs,
    foldUs: trueRate > 0 ? 1e6 / trueRate : 0,
    latencyMs: more.latencyMs ?? null,
    parts: burst.parts,
    iteratorAgeMs: more.iteratorAgeMs ?? null,
    capacity: burst.capacity,
    bottleneck: burst.bottleneck,
    invocations: cloud.lambdaInvocations,
    records: cloud.kinesisRecords,
  }
}

/**
 * Envelopes are on their way out, whether the policy or the operator wants it; an armed valve that nothing passes is no
 * burst.
 */
const isBursting = ({ burst }: Shown) => burst.active

/** Facts without what JSON cannot say. */
const plain = (facts: object): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(facts).filter(([, value]) => (typeof value === 'number' ? Number.isFinite(value) : value)),
  )

const rounded = (value: number, steps: number) => (Number.isFinite(value) ? Math.round(value * steps) / steps : 0)
