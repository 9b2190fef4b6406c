import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { expectationOf } from '../ingest/rest-of-body'

/** Those of clients have a dozen or two. */
const MAX_HEADERS = 1_000
/** How long a refused connection is read on, so that its sender gets the answer before the end. */
const LINGER_MS = 1_000

/** Why a request cannot be taken as HTTP, whatever it asks for. */
export interface Unreadable {
  readonly status: 400 | 405 | 408 | 417 | 431
  readonly code: 'bad_request' | 'method_not_allowed' | 'request_timeout' | 'unknown_expectation' | 'headers_too_large'
  readonly message: string
  readonly retryable: boolean
}

/** Looks at what the parser lets pass. */
export function unreadableOf(request: IncomingMessage): Unreadable | null {
  const { rawHeaders, headers, httpVersionMinor } = request
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    const message = `the request has more than ${MAX_HEADERS} headers`
    return { status: 431, code: 'headers_too_large', message, retryable: false }
  }
  if (headers.host === undefined && httpVersionMinor === 1) {
    return { status: 400, code: 'bad_request', message: 'HTTP/1.1 asks for a Host header', retryable: false }
  }
  if (expectationOf(request) !== 'unknown') return null
  const message = `nothing is known of "Expect: ${headers.expect}"; send it without`
  return { status: 417, code: 'unknown_expectation', message, retryable: false }
}

/** What the parser, or a time limit of the server, says of a connection. */
export function unreadableBy(errorCode: string | undefined, maxHeaderBytes: number): Unreadable {
  if (errorCode === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = 'the request did not come in time; send it again'
    return { status: 408, code: 'request_timeout', message, retryable: true }
  }
  if (errorCode === 'HPE_HEADER_OVERFLOW') {
    const message = `the headers are over ${maxHeaderBytes} bytes`
    return { status: 431, code: 'headers_too_large', message, retryable: false }
  }
  const why = errorCode === undefined ? '' : ` (${errorCode})`
  return { status: 400, code: 'bad_request', message: `this is no HTTP/1.1 request${why}`, retryable: false }
}

/** Answers on a connection on which no request can be made out any more, and ends it. */
export function refuseConnection(socket: Socket, refusal: Unreadable, headers = ''): void {
  if (socket.destroyed || socket.writableEnded) return // it was refused before, and is only read on
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: { readonly headersSent: boolean } | null }
  if (underWay?.headersSent || !socket.writable) return void socket.destroy() // half an answer is out: no second one
  const { status, code, message, retryable } = refusal
  const body = JSON.stringify({ code, message, retryable })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${headers}connection: close\r\n\r\n${body}`,
  )
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}
