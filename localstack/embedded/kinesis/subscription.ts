import { kinesisLimits } from './limits'
import type { Shard } from './shard'
import type { StreamRecord } from './shard-log'

/** A subscription of a consumer to a shard, as it stands. Times are epoch milliseconds. */
export interface Subscription {
  readonly nextOrdinal: number
  readonly startedMs: number
  readonly lastPushMs: number
  /** What was pushed last uses up until then what a consumer may read. */
  readonly pacedUntilMs: number
}

export type SubscriptionStep =
  | {
      readonly kind: 'push'
      /** None, to show after a while that the subscription lives. */
      readonly records: readonly StreamRecord[]
      /** The shard is closed, and these are its last records. */
      readonly isEnd: boolean
      readonly next: Subscription
    }
  /** Nothing to do until then, or until there is news in the shard. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** The five minutes are over. */
  | { readonly kind: 'over' }

export function newSubscription(nextOrdinal: number, now: number): Subscription {
  return { nextOrdinal, startedMs: now, lastPushMs: now, pacedUntilMs: now }
}

/** What a subscription does next: pushes what came 70 ms ago or earlier, as fast as a consumer may read. */
export function nextStep(subscription: Subscription, shard: Shard, now: number): SubscriptionStep {
  const { nextOrdinal, startedMs, lastPushMs, pacedUntilMs } = subscription
  const overMs = startedMs + kinesisLimits.subscriptionMs
  const idleMs = lastPushMs + kinesisLimits.idlePushMs
  if (now >= overMs) return { kind: 'over' }
  if (now < pacedUntilMs) return { kind: 'wait', untilMs: Math.min(pacedUntilMs, overMs) }
  const read = shard.log.read(nextOrdinal, {
    records: kinesisLimits.recordsPerRead,
    bytes: kinesisLimits.bytesPerPush,
    arrivedUntilMs: now - kinesisLimits.pushMs,
  })
  const isEnd = shard.isEndAt(read.nextOrdinal)
  if (read.records.length > 0 || isEnd || now >= idleMs) {
    const next = {
      startedMs,
      nextOrdinal: read.nextOrdinal,
      lastPushMs: now,
      pacedUntilMs: pacedUntil(read.records, now),
    }
    return { kind: 'push', records: read.records, isEnd, next }
  }
  const arrivalMs = shard.log.arrivalMsAt(nextOrdinal) ?? Number.POSITIVE_INFINITY
  return { kind: 'wait', untilMs: Math.min(overMs, idleMs, arrivalMs + kinesisLimits.pushMs) }
}

function pacedUntil(records: readonly StreamRecord[], now: number): number {
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0)
  return now + (1000 * bytes) / kinesisLimits.consumerReadBytesPerSecond
}
