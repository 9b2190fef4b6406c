import type { InvokeOutcome } from '../wire'
import { readBatchResponse } from './batch-response'

/** The options of a mapping that decide what a failure means. */
export interface FailureRules {
  readonly reportBatchItemFailures: boolean
  readonly bisectBatchOnFunctionError: boolean
  readonly maximumRetryAttempts: number
}

/** What is known of a batch when its invocation ends. */
export interface BatchFacts {
  /** In shard order. */
  readonly sequenceNumbers: readonly string[]
  /** How often this very batch was sent again after it had failed. */
  readonly retriesUsed: number
}

/** What happens to a batch next. */
export type Verdict =
  | { readonly kind: 'done' }
  /** The records before `index` are done; the rest is a new batch. */
  | { readonly kind: 'checkpoint'; readonly index: number }
  /** Two new batches, cut before `index`. */
  | { readonly kind: 'split'; readonly index: number }
  /** The same batch again. Only a retry that is `counted` uses up the quota. */
  | { readonly kind: 'retry'; readonly counted: boolean }
  | { readonly kind: 'give_up' }

/**
 * Decides by AWS's rules. Retries are counted for the same batch sent again, so a batch made by a checkpoint or a split
 * starts with a full quota: "splitting batches doesn't consume the retry quota". An invocation that never reached the
 * function (throttled, no such function) uses none either.
 */
export function judge(batch: BatchFacts, outcome: InvokeOutcome, rules: FailureRules): Verdict {
  switch (outcome.kind) {
    case 'throttled':
    case 'not_found':
      return { kind: 'retry', counted: false }
    case 'error':
      return failed(batch, rules)
    case 'ok':
      return rules.reportBatchItemFailures ? judgeResponse(batch, outcome.payload, rules) : { kind: 'done' }
  }
}

function judgeResponse(batch: BatchFacts, payload: Buffer, rules: FailureRules): Verdict {
  const response = readBatchResponse(payload, batch.sequenceNumbers)
  switch (response.kind) {
    case 'success':
      return { kind: 'done' }
    case 'failed_from':
      // With bisecting on, AWS cuts at the returned number, which at the first record leaves the batch whole: it is
      // then halved, so that one bad record is found.
      return response.index > 0 ? { kind: 'checkpoint', index: response.index } : failed(batch, rules)
    case 'malformed':
      return failed(batch, rules)
  }
}

function failed(batch: BatchFacts, rules: FailureRules): Verdict {
  const records = batch.sequenceNumbers.length
  if (rules.bisectBatchOnFunctionError && records > 1) return { kind: 'split', index: Math.ceil(records / 2) }
  return batch.retriesUsed < rules.maximumRetryAttempts ? { kind: 'retry', counted: true } : { kind: 'give_up' }
}
