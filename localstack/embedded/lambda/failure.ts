/** Why an invocation failed other than by what the handler threw, in the words that AWS uses. */
export type RuntimeFailure =
  | { readonly kind: 'timed_out'; readonly timeoutMs: number }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'response_too_large'; readonly limitBytes: number }

export interface ErrorPayload {
  readonly errorType: string
  readonly errorMessage: string
}

export function errorPayload(failure: RuntimeFailure, requestId: string): ErrorPayload {
  switch (failure.kind) {
    case 'timed_out': {
      const seconds = (failure.timeoutMs / 1000).toFixed(2)
      return {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      }
    }
    case 'exited':
      return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${exitReason(failure)}` }
    case 'response_too_large':
      return {
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: `Response payload size exceeded maximum allowed payload size (${failure.limitBytes} bytes).`,
      }
  }
}

function exitReason({ code, signal }: { code: number | null; signal: string | null }): string {
  if (signal === 'SIGKILL') return 'Runtime exited with error: signal: killed'
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`
}
