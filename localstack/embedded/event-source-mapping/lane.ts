import type { StreamRecord } from '../kinesis/shard-log'
import type { InvokeOutcome } from '../wire'
import { backoffMs } from './backoff'
import { type FailureRules, judge, type Verdict } from './batch-verdict'
import { type Gathered, type GatheringRules, gather } from './gathering'

/** A record that was read from the shard and is not finished. */
export interface PendingRecord extends Gathered {
  readonly record: StreamRecord
}

/** Records that are sent together, and how that has gone so far. */
export interface Batch {
  /** In shard order, never empty. */
  readonly records: readonly PendingRecord[]
  readonly retriesUsed: number
  /** Sendings in a row that did not reach the function. */
  readonly refusals: number
  /** Sendings that did. */
  readonly invocations: number
  /** The last answer of the function, or undefined as long as none has come. */
  readonly lastAnswer: LastAnswer | undefined
  /** Out of retries: waits only to be discarded. */
  readonly exhausted: boolean
}

export interface LastAnswer {
  readonly requestId: string
  /** False when the function answered, but reported the failure of records. */
  readonly functionError: boolean
}

/**
 * One of a shard's lanes: it has one batch in flight at a time and finishes records in shard order. Lanes are values; the shell does
 * what `nextStep` says and reports back with `settle` or `release`.
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

function newBatch(records: readonly PendingRecord[], lastAnswer?: LastAnswer): Batch {
  return { records, retriesUsed: 0, refusals: 0, invocations: 0, lastAnswer, exhausted: false }
}

function withoutEmpty(batches: readonly Batch[]): readonly Batch[] {
  return batches.filter((batch) => batch.records.length > 0)
}

/** Records arrive in order, so those that are too old are the first ones. */
function expiredRecords(batch: Batch, now: number, rules: LaneRules): number {
  const live = batch.records.findIndex(({ record }) => now - record.arrivalMs <= rules.maximumRecordAgeMs)
  return live === -1 ? batch.records.length : live
}

function answered(batch: Batch, outcome: InvokeOutcome): Batch {
  switch (outcome.kind) {
    case 'throttled':
    case 'not_found':
      return { ...batch, refusals: batch.refusals + 1 }
    case 'ok':
    case 'error': {
      const lastAnswer = { requestId: outcome.requestId, functionError: outcome.kind === 'error' }
      return { ...batch, refusals: 0, invocations: batch.invocations + 1, lastAnswer }
    }
  }
}

/** What is left of a batch, in shard order. */
function afterVerdict(batch: Batch, verdict: Verdict): readonly Batch[] {
  switch (verdict.kind) {
    case 'done':
      return []
    case 'checkpoint':
      return [newBatch(batch.records.slice(verdict.index), batch.lastAnswer)]
    case 'split':
      return [batch.records.slice(0, verdict.index), batch.records.slice(verdict.index)].map((half) =>
        newBatch(half, batch.lastAnswer),
      )
    case 'retry':
      return [{ ...batch, retriesUsed: batch.retriesUsed + (verdict.counted ? 1 : 0) }]
    case 'give_up':
      return [{ ...batch, exhausted: true }]
  }
}
