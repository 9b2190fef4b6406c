import type { StreamRecord } from '../kinesis/shard-log'
import type { InvokeOutcome } from '../wire'
import type { Verdict } from './batch-verdict'
import type { Gathered } from './gathering'

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

/** A batch that was never sent as it is; what the function last said of its records may be known. */
export function newBatch(records: readonly PendingRecord[], lastAnswer?: LastAnswer): Batch {
  return { records, retriesUsed: 0, refusals: 0, invocations: 0, lastAnswer, exhausted: false }
}

/** A batch after one sending of it came back. */
export function answered(batch: Batch, outcome: InvokeOutcome): Batch {
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
export function afterVerdict(batch: Batch, verdict: Verdict): readonly Batch[] {
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
