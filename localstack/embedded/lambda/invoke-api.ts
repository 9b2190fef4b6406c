import { randomUUID } from 'node:crypto'
import type { InvokeFunction, InvokeOutcome, WireRequest, WireResponse } from '../wire'
import type { AsyncQueue } from './async-queue'

export const MAX_REQUEST_BYTES = 6 * 1024 * 1024
/** 1 MB since October 2025, 256 KB before. */
export const MAX_ASYNC_REQUEST_BYTES = 1024 * 1024

type InvocationType = 'RequestResponse' | 'Event' | 'DryRun'

/** Invoke: `POST /2015-03-31/functions/<name>/invocations`. The function is known to exist. */
export async function invokeApi(
  name: string,
  { headers, body }: WireRequest,
  invoke: InvokeFunction,
  queue: AsyncQueue,
): Promise<WireResponse> {
  const type = invocationType(headers['x-amz-invocation-type'])
  if (type === undefined) return lambdaError(400, 'InvalidParameterValueException', 'Unknown X-Amz-Invocation-Type')
  const limitBytes = type === 'Event' ? MAX_ASYNC_REQUEST_BYTES : MAX_REQUEST_BYTES
  if (body.length > limitBytes) return tooLarge(body.length, type, limitBytes)
  const payload = body.length === 0 ? Buffer.from('{}') : body
  if (!isJson(payload)) return notJson()
  switch (type) {
    case 'DryRun':
      return { status: 204, body: '' }
    case 'Event':
      return queue.accept(name, payload) ? { status: 202, headers: requestId(randomUUID()), body: '' } : throttled()
    case 'RequestResponse':
      return answerOf(await invoke(name, payload))
  }
}

function invocationType(header: string | string[] | undefined): InvocationType | undefined {
  if (header === undefined) return 'RequestResponse'
  return header === 'RequestResponse' || header === 'Event' || header === 'DryRun' ? header : undefined
}

function answerOf(outcome: InvokeOutcome): WireResponse {
  switch (outcome.kind) {
    case 'ok':
      return { status: 200, headers: invoked(outcome.requestId), body: outcome.payload }
    case 'error': {
      const headers = { ...invoked(outcome.requestId), 'x-amz-function-error': 'Unhandled' }
      return { status: 200, headers, body: outcome.payload }
    }
    case 'throttled':
      return throttled()
    case 'not_found':
      return functionNotFound(outcome.message)
  }
}

const requestId = (id: string): Record<string, string> => ({ 'x-amzn-requestid': id })

const invoked = (id: string): Record<string, string> => ({
  ...requestId(id),
  'content-type': 'application/json',
  'x-amz-executed-version': '$LATEST',
})

function throttled(): WireResponse {
  return lambdaError(429, 'TooManyRequestsException', 'Rate Exceeded.', {
    Reason: 'ConcurrentInvocationLimitExceeded',
  })
}

export function functionNotFound(message: string): WireResponse {
  return lambdaError(404, 'ResourceNotFoundException', message)
}

function tooLarge(bytes: number, type: InvocationType, limitBytes: number): WireResponse {
  const message = `${bytes} byte payload is too large for the ${type} invocation type (limit ${limitBytes} bytes)`
  return lambdaError(413, 'RequestTooLargeException', message)
}

const notJson = (): WireResponse =>
  lambdaError(400, 'InvalidRequestContentException', 'Could not parse request body into json')

function isJson(payload: Buffer): boolean {
  try {
    JSON.parse(payload.toString())
    return true
  } catch {
    return false
  }
}

/** An error in the form of the Lambda API. */
export function lambdaError(
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, string>> = {},
): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ ...more, Type: 'User', Message: message, message }),
  }
}
