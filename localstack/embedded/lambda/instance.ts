import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { WireRequest, WireResponse } from '../wire'
import { type InstanceSpec, startProcess } from './function-process'

/** AWS gives 100 bytes more for the response than for the request. */
export const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100

/** AWS allows 10 s for loading the code; if that passes, it loads again within the function's own timeout. */
const INIT_TIMEOUT_MS = 10_000

export interface Invocation {
  readonly requestId: string
  readonly functionArn: string
  readonly payload: Buffer
}

export type Result =
  | { readonly kind: 'ok'; readonly payload: Buffer }
  | { readonly kind: 'error'; readonly errorType: string; readonly payload: Buffer }

interface Task {
  readonly invocation: Invocation
  readonly end: (result: Result) => void
  timer: NodeJS.Timeout
}

const ACCEPTED: WireResponse = { status: 202, body: '{"status":"OK"}' }

/** One process with the function's code in it; it works on one invocation at a time. */
export class Instance {
  readonly #spec: InstanceSpec
  readonly #process: ChildProcess
  readonly #startedMs = performance.now()
  #readyMs: number | undefined
  #task: Task | undefined
  /** The process's pending request for work. */
  #giveWork: ((response: WireResponse) => void) | undefined
  #alive = true
  readonly exited: Promise<void>

  constructor(spec: InstanceSpec) {
    this.#spec = spec
    this.#process = startProcess(spec)
    this.exited = new Promise((resolve) => {
      const onEnd = (code: number | null, signal: string | null) => {
        this.#alive = false
        this.#fail({ kind: 'exited', code, signal })
        resolve()
      }
      this.#process.once('exit', onEnd)
      this.#process.once('error', () => onEnd(null, null))
    })
  }

  /** False from the moment that it is not to be used again, which may be before its process has ended. */
  get alive(): boolean {
    return this.#alive
  }

  /** From the process's start until it first asked for work, as far as it has come. */
  get initMs(): number {
    return (this.#readyMs ?? performance.now()) - this.#startedMs
  }

  /** Must not be called before the previous run has ended. Never rejects. */
  run(invocation: Invocation): Promise<Result> {
    return new Promise((end) => {
      const timer = setTimeout(() => this.#timeOut(), INIT_TIMEOUT_MS + this.#spec.timeoutMs)
      this.#task = { invocation, end, timer }
      if (this.#alive) this.#deliver()
      else this.#fail({ kind: 'exited', code: this.#process.exitCode, signal: this.#process.signalCode })
    })
  }

  /** Answers what the process asks of its Runtime API; `path` is relative to `/2018-06-01/runtime`. */
  async runtimeApi(path: string, request: WireRequest): Promise<WireResponse> {
    if (path === '/invocation/next') return this.#onNext()
    if (path === '/init/error') {
      this.#alive = false
      this.#end(thrown(request))
      return ACCEPTED
    }
    const [, requestId = '', what = ''] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
    if (this.#task?.invocation.requestId !== requestId)
      return runtimeError(400, 'InvalidRequestID', 'No such invocation')
    return what === 'response' ? this.#onResponse(request.body) : this.#onError(request)
  }

  kill(): void {
    this.#alive = false
    this.#process.kill('SIGKILL')
  }

  #onNext(): Promise<WireResponse> {
    this.#readyMs ??= performance.now()
    return new Promise((resolve) => {
      this.#giveWork = resolve
      this.#deliver()
    })
  }

  #onResponse(payload: Buffer): WireResponse {
    if (payload.length > MAX_RESPONSE_BYTES) {
      this.#fail({ kind: 'response_too_large', limitBytes: MAX_RESPONSE_BYTES })
      return runtimeError(413, 'RequestEntityTooLarge', `Exceeded the limit of ${MAX_RESPONSE_BYTES} bytes`)
    }
    this.#end({ kind: 'ok', payload })
    return ACCEPTED
  }

  #onError(request: WireRequest): WireResponse {
    if (request.headers['spillway-instance-ends'] !== undefined) this.#alive = false
    this.#end(thrown(request))
    return ACCEPTED
  }

  #deliver(): void {
    if (this.#task === undefined || this.#giveWork === undefined) return
    clearTimeout(this.#task.timer)
    this.#task.timer = setTimeout(() => this.#timeOut(), this.#spec.timeoutMs)
    this.#giveWork(workFor(this.#task.invocation, Date.now() + this.#spec.timeoutMs))
    this.#giveWork = undefined
  }

  #timeOut(): void {
    this.kill()
    this.#fail({ kind: 'timed_out', timeoutMs: this.#spec.timeoutMs })
  }

  #fail(failure: RuntimeFailure): void {
    if (this.#task === undefined) return
    const payload = errorPayload(failure, this.#task.invocation.requestId)
    this.#end({ kind: 'error', errorType: payload.errorType, payload: Buffer.from(JSON.stringify(payload)) })
  }

  #end(result: Result): void {
    if (this.#task === undefined) return
    const { timer, end } = this.#task
    clearTimeout(timer)
    this.#task = undefined
    end(result)
  }
}

function thrown({ headers, body }: WireRequest): Result {
  return { kind: 'error', errorType: String(headers['lambda-runtime-function-error-type']), payload: body }
}

function workFor({ requestId, functionArn, payload }: Invocation, deadlineMs: number): WireResponse {
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadlineMs),
      'lambda-runtime-invoked-function-arn': functionArn,
    },
    body: payload,
  }
}

function runtimeError(status: number, errorType: string, errorMessage: string): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errorType, errorMessage }) }
}

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
