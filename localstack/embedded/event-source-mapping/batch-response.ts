import type { InvokeOutcome } from '../wire'

/** What a function said of its batch, once ReportBatchItemFailures is on. */
export type BatchResponse =
  | { readonly kind: 'success' }
  /** All records before `index` are done; the one at `index` is not. */
  | { readonly kind: 'failed_from'; readonly index: number }
  | { readonly kind: 'malformed'; readonly reason: string }

/**
 * Reads a function's answer by the documented conditions: an empty or null answer or list is a full success; an empty,
 * null or misnamed `itemIdentifier` fails the whole batch; of several failures the lowest is the checkpoint. An
 * identifier that is not in the batch and an answer that is no object are not documented; they fail the whole batch
 * too, so that no record is passed over.
 */
export function readBatchResponse(payload: Buffer, sequenceNumbers: readonly string[]): BatchResponse {
  if (payload.length === 0) return { kind: 'success' }
  const answer = parsed(payload)
  if (answer === null) return { kind: 'success' }
  if (typeof answer !== 'object' || Array.isArray(answer)) return malformed('the answer is not an object')
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? []
  if (!Array.isArray(failures)) return malformed('batchItemFailures is not a list')
  return lowestOf(failures, sequenceNumbers)
}

function lowestOf(failures: readonly unknown[], sequenceNumbers: readonly string[]): BatchResponse {
  let lowest = sequenceNumbers.length
  for (const failure of failures) {
    const identifier = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier
    if (typeof identifier !== 'string' || identifier === '') return malformed('an entry has no itemIdentifier')
    const index = sequenceNumbers.indexOf(identifier)
    if (index === -1) return malformed(`itemIdentifier ${identifier} is not in the batch`)
    lowest = Math.min(lowest, index)
  }
  return lowest === sequenceNumbers.length ? { kind: 'success' } : { kind: 'failed_from', index: lowest }
}

function malformed(reason: string): BatchResponse {
  return { kind: 'malformed', reason }
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString())
  } catch {
    return undefined
  }
}

/** `LastProcessingResult` in AWS's words. */
export function processingResult(outcome: InvokeOutcome): string {
  switch (outcome.kind) {
    case 'ok':
      return 'OK'
    case 'error':
      return 'PROBLEM: Function call failed'
    case 'throttled':
      return `PROBLEM: Function call throttled: ${outcome.message}`
    case 'not_found':
      return `PROBLEM: Function not found: ${outcome.message}`
  }
}

/** The same for a notice that could not be delivered; the batch is discarded all the same. */
export function destinationProblem(arn: string, error: unknown): string {
  return `PROBLEM: On-failure destination ${arn} not reached: ${error instanceof Error ? error.message : String(error)}`
}
