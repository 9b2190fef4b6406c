import { Server as SecureServer } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import type { Keeper } from './access/keeper'
import type { Config } from './config'
import { answerClientError, answerExpectations } from './http-refused'

/** A connection on which nothing moves: longer than the slowest answer, a replay of letters that all take their time limit. */
const SILENT_MS = 300_000
const MAX_HEADER_BYTES = 16 * 1024
/** The longest that a timer of Node takes is 2^31 - 1 ms; one that is set to more fires at once. It adds up to a second. */
const MAX_TIMER_MS = 2 ** 31 - 1 - 1_000
/** Slow requests are looked for this often, so they live at most this much longer than they may. */
const CHECK_EVERY_MS = 1_000

/** The HTTP or HTTPS server under the routes, with its limits of time and number. */
export function createServer(config: Config, keeper: Keeper): FastifyInstance {
  const settings = {
    bodyLimit: config.maxBodyBytes,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: Math.min(config.idleConnectionMs, MAX_TIMER_MS),
    connectionTimeout: SILENT_MS,
    forceCloseConnections: true,
    clientErrorHandler: answerClientError,
  } as const
  const server = {
    headersTimeout: config.headersTimeoutMs,
    requestTimeout: config.requestTimeoutMs, // here too: Node compares the two when the server is made
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const { tls } = keeper
  const https = { ...server, ...tls, handshakeTimeout: Math.min(config.headersTimeoutMs, MAX_TIMER_MS) } // it comes before the headers
  const app = tls === null ? fastify({ ...settings, http: server }) : fastify({ ...settings, https })
  app.server.maxConnections = config.maxConnections
  app.server.maxHeadersCount = 0 // any: their size is limited. Beyond a number Node drops headers, the length of the body, too
  answerExpectations(app.server, config.maxBodyBytes)
  const { server: listener } = app
  keeper.onChange(() => {
    if (listener instanceof SecureServer && keeper.tls !== null) listener.setSecureContext(keeper.tls)
  })
  return app
}
