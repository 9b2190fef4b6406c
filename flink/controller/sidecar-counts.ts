import { type Usage, zeroUsage } from '../../core/control/cost'
import type { BucketCounts } from '../../edge-node/observe/histogram'
import type { SidecarFacts } from '../sidecar/controller-messages'

/** What sidecars have done since their start. */
export interface Counts {
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly sentEnvelopes: number
  readonly reclaims: number
  readonly failedSends: number
  readonly throttled: number
  readonly divertMs: number
  readonly usd: number
  readonly usage: Usage
  readonly putToPartial: BucketCounts
}

/** What one place has counted, by the process that is there and by those that were there before it. */
export interface PlaceCounts {
  readonly incarnation: string | null
  readonly now: Counts
  readonly before: Counts
}

export const NO_COUNTS: Counts = {
  ...{ accepted: 0, edge: 0, burst: 0, deadLettered: 0 },
  ...{ sentEnvelopes: 0, reclaims: 0, failedSends: 0, throttled: 0, divertMs: 0, usd: 0 },
  usage: zeroUsage(),
  putToPartial: { bounds: [], upTo: [], count: 0, sum: 0 },
}

export const NO_PLACE_COUNTS: PlaceCounts = { incarnation: null, now: NO_COUNTS, before: NO_COUNTS }

/** Takes up what a sidecar says. After a start of another process its counts begin at 0, and the sum must not. Pure. */
export function counted(place: PlaceCounts, facts: SidecarFacts): PlaceCounts {
  const { incarnation } = facts
  const before = incarnation === place.incarnation ? place.before : plus(place.before, place.now)
  return { incarnation, now: countsOf(facts), before }
}

/** All that was counted at these places. Pure. */
export const sumOfPlaces = (places: readonly PlaceCounts[]): Counts =>
  places.reduce((sum, { now, before }) => plus(plus(sum, now), before), NO_COUNTS)

function countsOf({ accepted, events, cloud, usage, usd, putToPartial }: SidecarFacts): Counts {
  const { sentEnvelopes, reclaims, failedSends, throttled, divertMs } = cloud
  const { edge, burst, deadLettered } = events
  return {
    ...{ accepted, edge, burst, deadLettered, sentEnvelopes, reclaims, failedSends, throttled, divertMs },
    ...{ usd, usage, putToPartial },
  }
}

function plus(a: Counts, b: Counts): Counts {
  return {
    accepted: a.accepted + b.accepted,
    edge: a.edge + b.edge,
    burst: a.burst + b.burst,
    deadLettered: a.deadLettered + b.deadLettered,
    sentEnvelopes: a.sentEnvelopes + b.sentEnvelopes,
    reclaims: a.reclaims + b.reclaims,
    failedSends: a.failedSends + b.failedSends,
    throttled: a.throttled + b.throttled,
    divertMs: a.divertMs + b.divertMs,
    usd: a.usd + b.usd,
    usage: usagePlus(a.usage, b.usage),
    putToPartial: bucketsPlus(a.putToPartial, b.putToPartial),
  }
}

function usagePlus(a: Usage, b: Usage): Usage {
  return {
    kinesisRecords: a.kinesisRecords + b.kinesisRecords,
    kinesisBytes: a.kinesisBytes + b.kinesisBytes,
    kinesisPutUnits: a.kinesisPutUnits + b.kinesisPutUnits,
    kinesisPushedBytes: a.kinesisPushedBytes + b.kinesisPushedBytes,
    lambdaInvocations: a.lambdaInvocations + b.lambdaInvocations,
    lambdaGbSeconds: a.lambdaGbSeconds + b.lambdaGbSeconds,
    lambdaInitGbSeconds: a.lambdaInitGbSeconds + b.lambdaInitGbSeconds,
    readUnits: a.readUnits + b.readUnits,
    writeUnits: a.writeUnits + b.writeUnits,
    bytesOut: a.bytesOut + b.bytesOut,
  }
}

/** Buckets with the same bounds add up. Those of another version have others, and say nothing beside them. */
function bucketsPlus(a: BucketCounts, b: BucketCounts): BucketCounts {
  if (a.bounds.length === 0) return b
  if (a.bounds.join() !== b.bounds.join()) return a
  const upTo = a.upTo.map((count, index) => count + b.upTo[index]!)
  return { bounds: a.bounds, upTo, count: a.count + b.count, sum: a.sum + b.sum }
}
