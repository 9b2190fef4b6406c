import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'

export type HttpRequest = IncomingMessage | Http2ServerRequest
export type HttpResponse = ServerResponse | Http2ServerResponse

/** Functions and SDK clients keep their connections; Node's default of 5 s would cut them in the middle of a reuse. */
const KEEP_ALIVE_MS = 120_000

/** What a client of HTTP/2 says first on a connection without TLS; no method of HTTP/1.1 begins like that. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0')

/**
 * A server that speaks HTTP/1.1 and, to who begins with it, HTTP/2 on one port without TLS: AWS's SDK speaks HTTP/2
 * with Kinesis. Not listening yet.
 */
export function twoProtocols(answer: (request: HttpRequest, response: HttpResponse) => void): Server {
  const http1 = createHttp1(answer)
  http1.keepAliveTimeout = KEEP_ALIVE_MS
  const http2 = createHttp2(answer)
  // As Node's own server of HTTP/1.1: a client may end its side and still wait for the answer.
  return createServer({ allowHalfOpen: true }, (socket) => {
    // A client that goes away is its own affair.
    socket.on('error', () => socket.destroy())
    tellProtocol(socket, (protocol) => {
      socket.allowHalfOpen = protocol === 'http1'
      const server = protocol === 'http2' ? http2 : http1
      server.emit('connection', socket)
    })
  })
}

/** Reads until it is plain what the client speaks, and puts back what it read. */
function tellProtocol(socket: Socket, told: (protocol: 'http1' | 'http2') => void): void {
  let first: Buffer = Buffer.alloc(0)
  const read = () => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    first = Buffer.concat([first, chunk])
    const protocol = protocolOf(first)
    if (protocol === undefined) return
    socket.off('readable', read)
    socket.off('end', gone)
    socket.unshift(first)
    told(protocol)
  }
  const gone = () => socket.destroy()
  socket.on('end', gone)
  socket.on('readable', read)
}

/** The protocol of a connection that begins with these bytes; undefined while it could be both. */
export function protocolOf(first: Buffer): 'http1' | 'http2' | undefined {
  const known = Math.min(first.length, HTTP2_PREFACE.length)
  if (!first.subarray(0, known).equals(HTTP2_PREFACE.subarray(0, known))) return 'http1'
  return known === HTTP2_PREFACE.length ? 'http2' : undefined
}
