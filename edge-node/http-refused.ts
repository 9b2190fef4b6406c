import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** What a client is told of a request that the server cannot hand to a route: the error of the API, as every other. */
interface Refused {
  readonly status: 400 | 408 | 413 | 417 | 431
  readonly code: 'bad_request' | 'body_too_large'
  readonly message: string
  readonly retryable: boolean
}

const bodyOf = ({ code, message, retryable }: Refused): string => JSON.stringify({ code, message, retryable })

/** Answers what is no request of HTTP, or does not come in time, and ends the connection: what follows cannot be told apart. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Errors of the connection itself, or of TLS before it is there, leave nothing to answer on.
  const isOfHttp = error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (!isOfHttp || !socket.writable) {
    socket.destroy()
    return
  }
  const refused = refusedFor(error)
  const body = bodyOf(refused)
  const head = [
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function refusedFor({ code, message }: NodeJS.ErrnoException): Refused {
  const bad = { code: 'bad_request', retryable: false } as const
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { ...bad, status: 408, message: 'the request did not arrive in time; send it again', retryable: true }
    case 'HPE_HEADER_OVERFLOW':
      return { ...bad, status: 431, message: 'the headers are larger than is taken; send fewer or shorter ones' }
    default:
      return { ...bad, status: 400, message: `the request cannot be read as HTTP: ${message}` }
  }
}

/**
 * Answers `Expect` before the body is sent: a body that is too large by its length is refused then, and what nobody
 * knows is, too. `maxBodyBytes` is what is taken.
 */
export function answerExpectations(server: Server, maxBodyBytes: number): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      refuse(response, {
        status: 413,
        code: 'body_too_large',
        message: `the body is over ${maxBodyBytes} bytes; send less at a time`,
        retryable: false,
      })
      return
    }
    response.writeContinue()
    server.emit('request', request, response)
  })
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    refuse(response, {
      status: 417,
      code: 'bad_request',
      message: 'of Expect only 100-continue is known; send the request without it',
      retryable: false,
    })
  })
}

/** The body was not sent, or will not be read: the connection ends with the answer. */
function refuse(response: ServerResponse, refused: Refused): void {
  const body = bodyOf(refused)
  response.writeHead(refused.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  response.end(body)
}
