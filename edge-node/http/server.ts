import type { Socket } from 'node:net'
import { Server as SecureServer } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { LONGEST_TIMER_MS } from '../../cloud/timers'
import type { Config } from '../config/config'
import { expects } from '../ingest/rest-of-body'
import type { Keeper } from './access/keeper'
import { fail } from './error'
import { refuseConnection, unreadableBy } from './unreadable'

/**
 * A connection on which nothing moves: longer than the slowest answer, a replay of letters that all take their time
 * limit.
 */
const SILENT_MS = 300_000
const MAX_HEADER_BYTES = 16 * 1024
/** Node adds up to a second to the timer of a connection. */
const MOST_MS = LONGEST_TIMER_MS - 1_000
/** Slow requests are looked for this often, so they live at most this much longer than they may. */
const CHECK_EVERY_MS = 1_000
const NO_PROXY = {
  status: 405,
  code: 'method_not_allowed',
  message: 'this is no proxy: there is no CONNECT',
  retryable: false,
} as const

/** The HTTP or HTTPS server under the routes, with its limits of time and number. */
export function createServer(config: Config, keeper: Keeper): FastifyInstance {
  const settings = {
    bodyLimit: config.maxBodyBytes,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: Math.min(config.idleConnectionMs, MOST_MS),
    connectionTimeout: SILENT_MS,
    forceCloseConnections: true,
    return503OnClosing: false, // the guard does it, in our words
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
      if (error.code === 'ECONNRESET') socket.destroy()
      else refuseConnection(socket, unreadableBy(error.code, MAX_HEADER_BYTES))
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      fail(reply, 400, 'bad_request', `${error.message} (${request.method})`)
    },
  } as const
  const server = {
    headersTimeout: config.headersTimeoutMs,
    requestTimeout: config.requestTimeoutMs, // here too: Node compares the two when the server is made
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false, // the guard does it, in our words
  }
  const { tls } = keeper
  // The handshake comes before the headers, and has as long.
  const https = { ...server, ...tls, handshakeTimeout: Math.min(config.headersTimeoutMs, MOST_MS) }
  const app = tls === null ? fastify({ ...settings, http: server }) : fastify({ ...settings, https })
  // Whether a body is wanted is known when its headers were looked at, so the guard says so.
  app.server.on('checkContinue', (request, response) => {
    expects(request, 'continue')
    app.server.emit('request', request, response)
  })
  app.server.on('checkExpectation', (request, response) => {
    expects(request, 'unknown')
    app.server.emit('request', request, response)
  })
  app.server.on('connect', (_request, socket) =>
    refuseConnection(socket as Socket, NO_PROXY, 'allow: GET, HEAD, POST\r\n'),
  )
  // Beyond a number Node drops headers, content-length too, and with it the body. The guard refuses such requests.
  app.server.maxHeadersCount = 0
  app.server.maxConnections = config.maxConnections
  const { server: listener } = app
  keeper.onChange(() => {
    if (listener instanceof SecureServer && keeper.tls !== null) listener.setSecureContext(keeper.tls)
  })
  return app
}
