import type { InvokeOutcome } from '../wire'

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
