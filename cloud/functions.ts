import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'

/** Where a middleware of an SDK command hears that its request goes out: the last one before the request handler. */
export const AS_IT_GOES_OUT = { step: 'deserialize', priority: 'low', name: 'asItGoesOut' } as const

/**
 * How long the thread is at work on a command until its request goes out. The SDK serializes and signs without letting
 * the event loop turn; only where it waits on the way (for credentials, once in a while) that is no work, and the time
 * is left out.
 */
export class SendingStopwatch {
  private readonly startMs: number
  private hasWaited = false
  private readonly turn = setImmediate(() => {
    this.hasWaited = true
  })

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.startMs = nowMs()
  }

  /** The request goes out now. Gives the ms of work. */
  sent(): number {
    clearImmediate(this.turn)
    return this.hasWaited ? 0 : this.nowMs() - this.startMs
  }
}

/**
 * Why a call came to nothing: too many calls are at work; the function failed; it was not reached or gave no answer; or
 * the call is refused (too large, not allowed, no such function), and would be again.
 */
export type InvokeFailure = 'throttled' | 'function_error' | 'unreachable' | 'refused'

/** A call came to nothing. Retrying helps unless the call is refused, or the function has a bug. */
export class InvokeFailed extends Error {
  constructor(
    readonly code: InvokeFailure,
    functionName: string,
    detail: string,
  ) {
    super(`${functionName}: ${detail}`)
  }

  get retryable(): boolean {
    return this.code !== 'refused'
  }
}

// TooManyRequestsException: of the account's concurrency, the function's, or the rate of calls
const TOO_MANY_REQUESTS = 429

/** What a caller may want of a call besides its answer. */
export interface CallOptions {
  /** Ends the wait; the function may run on. */
  readonly signal?: AbortSignal
  /** The request goes out; how long this thread worked for it, in ms. */
  readonly onSent?: (cpuMs: number) => void
}

/** Calls one function and waits for its JSON answer. */
export class FunctionInvoker {
  constructor(
    private readonly client: LambdaClient,
    private readonly functionName: string,
  ) {}

  /** Rejects with InvokeFailed; as `unreachable` also when the signal ends the wait. */
  async invoke(payload: unknown, { signal, onSent }: CallOptions = {}): Promise<unknown> {
    const command = this.command(payload, onSent)
    const answer = await this.client
      .send(command, signal === undefined ? {} : { abortSignal: signal })
      .catch((error: unknown) => {
        throw new InvokeFailed(codeOf(error), this.functionName, describe(error))
      })
    const text = answer.Payload === undefined ? 'null' : Buffer.from(answer.Payload).toString('utf8')
    if (answer.FunctionError !== undefined)
      throw new InvokeFailed('function_error', this.functionName, text.slice(0, 500))
    return JSON.parse(text)
  }

  private command(payload: unknown, onSent: CallOptions['onSent']): InvokeCommand {
    const stopwatch = onSent && new SendingStopwatch()
    const command = new InvokeCommand({
      FunctionName: this.functionName,
      Payload: Buffer.from(JSON.stringify(payload)),
    })
    if (stopwatch === undefined) return command
    command.middlewareStack.add(
      (next) => (request) => {
        onSent?.(stopwatch.sent())
        return next(request)
      },
      AS_IT_GOES_OUT,
    )
    return command
  }
}

const describe = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))

function codeOf(error: unknown): InvokeFailure {
  const { name, $metadata } = error as AwsError
  if (name === 'TooManyRequestsException' || $metadata?.httpStatusCode === TOO_MANY_REQUESTS) return 'throttled'
  return isRefusal(error) ? 'refused' : 'unreachable'
}

interface AwsError {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

// What AWS says with a 4xx although it passes: too much at once, a function that is being updated or woken, credentials
// that are being renewed.
const PASSING = /throttl|limitexceeded|throughputexceeded|toomanyrequests|timeout|conflict|notready|expired/i

/** Whether the same request would get the same answer again: a 4xx that is neither a throttle nor a time-out. */
export function isRefusal(error: unknown): boolean {
  const { name = '', $metadata } = error as AwsError
  const status = $metadata?.httpStatusCode ?? 0
  return status >= 400 && status < 500 && status !== TOO_MANY_REQUESTS && !PASSING.test(name)
}
