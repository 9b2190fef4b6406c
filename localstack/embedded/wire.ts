import type { Readable } from 'node:stream'

/** One HTTP request to the embedded cloud, read whole. */
export interface WireRequest {
  readonly method: string
  /** Path without the query, e.g. `/2015-03-31/functions/burst/invocations`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface WireResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** Follows `body` as it comes to be; destroyed when the client goes away. */
  readonly rest?: Readable
}

/**
 * One AWS service behind its wire protocol. A rejected promise is a bug and becomes a 500; AWS's errors are responses.
 */
export type WireService = (request: WireRequest) => Promise<WireResponse>

/** An error as AWS's JSON protocols (Kinesis, SQS, DynamoDB) put it on the wire. */
export function jsonError(status: number, type: string, message: string): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': type },
    body: JSON.stringify({ __type: type, message }),
  }
}

/** How one synchronous function invocation ended, as the event source mapping and the Invoke API see it. */
export type InvokeOutcome =
  | { readonly kind: 'ok'; readonly payload: Buffer; readonly requestId: string }
  | { readonly kind: 'error'; readonly errorType: string; readonly payload: Buffer; readonly requestId: string }
  | { readonly kind: 'throttled'; readonly message: string }
  | { readonly kind: 'not_found'; readonly message: string }

/** Calls a function by name and waits for its answer. Never rejects for a failing function. */
export type InvokeFunction = (functionName: string, payload: Buffer) => Promise<InvokeOutcome>
