import type { InvokeOutcome } from '../wire'
import { afterVerdict, answered, type Batch, newBatch, type PendingRecord } from './batch'
import { type FailureRules, judge } from './batch-verdict'
import { type GatheringRules, gather } from './gathering'

/**
 * The pause before the same batch is sent again. AWS backs off exponentially without saying by how much; short enough
 * here that a local outage of seconds is over soon after it ends.
 */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000

/** Delay before the `attempt`-th (1, 2, ...) sending of a batch that has failed. */
export function backoffMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20))
}

/**
 * One of a shard's lanes: it has one batch in flight at a time and finishes records in shard order. Lanes are values;
 * the shell does what `nextStep` says and reports back with `settle` or `release`.
 */
export interface Lane {
  /** Read, not yet in a batch; in shard order, after all of `batches`. */
  readonly waiting: readonly PendingRecord[]
  /** In shard order: the first is the one to send or in flight, the others are what splits left over. */
  readonly batches: readonly Batch[]
  /** True from the moment a step is handed out until it is settled or released. */
  readonly busy: boolean
  readonly notBeforeMs: number
  readonly windowFromMs: number
}

export interface LaneRules extends FailureRules, GatheringRules {
  readonly maximumRecordAgeMs: number
}

export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

export interface Discard {
  readonly condition: DiscardCondition
  /** The records given up, as they were when they were last sent. */
  readonly batch: Batch
}

/** What the shell does next for a lane. `lane` replaces the lane before it is done. */
export type LaneStep =
  | { readonly kind: 'rest' }
  | { readonly kind: 'wake_at'; readonly ms: number }
  | { readonly kind: 'send'; readonly lane: Lane; readonly batch: Batch }
  | { readonly kind: 'discard'; readonly lane: Lane; readonly discard: Discard }

export function emptyLane(now: number): Lane {
  return { waiting: [], batches: [], busy: false, notBeforeMs: now, windowFromMs: now }
}

/** Adds records that were read after all that the lane has. */
export function receive(lane: Lane, records: readonly PendingRecord[]): Lane {
  return { ...lane, waiting: [...lane.waiting, ...records] }
}

export function nextStep(lane: Lane, now: number, rules: LaneRules): LaneStep {
  if (lane.busy) return { kind: 'rest' }
  const [batch, ...later] = lane.batches
  if (!batch) return formBatch(lane, now, rules)
  if (batch.exhausted) return discard({ ...lane, batches: later }, { condition: 'RetryAttemptsExhausted', batch })
  if (now < lane.notBeforeMs) return { kind: 'wake_at', ms: lane.notBeforeMs }
  const expired = expiredRecords(batch, now, rules)
  if (expired === 0) return { kind: 'send', lane: { ...lane, busy: true }, batch }
  const live = withoutEmpty([{ ...batch, records: batch.records.slice(expired) }, ...later])
  const aged = { ...batch, records: batch.records.slice(0, expired) }
  return discard({ ...lane, batches: live }, { condition: 'RecordAgeExceeded', batch: aged })
}

/** The lane after the batch that it sent came back. */
export function settle(lane: Lane, outcome: InvokeOutcome, now: number, rules: LaneRules): Lane {
  const [sent, ...later] = lane.batches as readonly [Batch, ...Batch[]]
  const batch = answered(sent, outcome)
  const sequenceNumbers = batch.records.map(({ record }) => record.sequenceNumber)
  const verdict = judge({ sequenceNumbers, retriesUsed: batch.retriesUsed }, outcome, rules)
  const remaining = afterVerdict(batch, verdict)
  const retried = verdict.kind === 'retry' ? backoffMs(remaining[0]!.retriesUsed + remaining[0]!.refusals) : 0
  return { ...lane, batches: [...remaining, ...later], busy: false, notBeforeMs: now + retried, windowFromMs: now }
}

/** The lane after its discarded records were reported. */
export function release(lane: Lane): Lane {
  return { ...lane, busy: false }
}

/** All that the lane has not finished, in shard order. */
export function unfinished(lane: Lane): readonly PendingRecord[] {
  return [...lane.batches.flatMap((batch) => batch.records), ...lane.waiting]
}

/**
 * The lanes of a shard that goes on with `count` of them: all that is unfinished, shared out anew in shard order. For
 * lanes of which none is busy, so that no key is in flight; a batch that had failed begins with a full quota, as on
 * AWS, where the pollers begin again at their checkpoint.
 */
export function shareOut(lanes: readonly Lane[], count: number, now: number): readonly Lane[] {
  const inOrder = lanes.flatMap(unfinished).sort((one, other) => (isBefore(one, other) ? -1 : 1))
  return Array.from({ length: count }, (_, index) => {
    const own = inOrder.filter(({ record }) => laneOfKey(record.partitionKey, count) === index)
    return receive(emptyLane(now), own)
  })
}

/** Sequence numbers are all of one length. */
const isBefore = (one: PendingRecord, other: PendingRecord) => one.record.sequenceNumber < other.record.sequenceNumber

function formBatch(lane: Lane, now: number, rules: LaneRules): LaneStep {
  const gathering = gather(lane.waiting, lane.windowFromMs, now, rules)
  switch (gathering.kind) {
    case 'empty':
      return { kind: 'rest' }
    case 'wait':
      return { kind: 'wake_at', ms: gathering.untilMs }
    case 'ready': {
      const batch = newBatch(lane.waiting.slice(0, gathering.records))
      return nextStep({ ...lane, batches: [batch], waiting: lane.waiting.slice(gathering.records) }, now, rules)
    }
  }
}

function discard(lane: Lane, given: Discard): LaneStep {
  return { kind: 'discard', lane: { ...lane, busy: true }, discard: given }
}

function withoutEmpty(batches: readonly Batch[]): readonly Batch[] {
  return batches.filter((batch) => batch.records.length > 0)
}

/** Records arrive in order, so those that are too old are the first ones. */
function expiredRecords(batch: Batch, now: number, rules: LaneRules): number {
  const live = batch.records.findIndex(({ record }) => now - record.arrivalMs <= rules.maximumRecordAgeMs)
  return live === -1 ? batch.records.length : live
}

/**
 * The lane, 0 to `lanes` - 1, of all records with this partition key: FNV-1a over the key. It must not be the MD5 that
 * chose the shard, of which the keys of one shard share the leading bits.
 */
export function laneOfKey(partitionKey: string, lanes: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < partitionKey.length; index += 1) {
    hash = Math.imul(hash ^ partitionKey.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % lanes
}
