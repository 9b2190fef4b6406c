// For: who may ask what, and how often.
// In: every request, before any route.
// Out: the request, or a refusal in the one shape of errors.

import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config'
import { isLoopback } from '../../config/resolve'
import { expectationOf, wasToldToContinue } from '../../ingest/rest-of-body'
import { fail, refuseUnknown } from '../error'
import { type Unreadable, unreadableOf } from '../unreadable'
import type { Keeper } from './keeper'
import { pageHeaders } from './page-headers'
import { type Refusal, strangerOf, strayOf, type Visit } from './refusal'
import { ruleOf, unknownParameter } from './routes'
import { Streams } from './streams'

/** The bodies being received and worked on: many large ones at once must not take all memory. */
export class Receiving {
  private bytes = 0

  constructor(
    private readonly most: number,
    private readonly mostOfOne: number,
  ) {}

  /** Counts a body until its answer is out; false: there is no room for it. */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    const size = this.sizeOf(request.headers)
    if (size === 0) return true
    if (this.bytes > 0 && this.bytes + size > this.most) return false
    this.bytes += size
    reply.raw.once('close', () => {
      this.bytes -= size
    })
    return true
  }

  /** A body that does not say its size counts as the largest that is taken. */
  private sizeOf(headers: FastifyRequest['headers']): number {
    if (headers['transfer-encoding'] !== undefined) return this.mostOfOne
    const stated = Number(headers['content-length'] ?? 0)
    return Math.min(Number.isFinite(stated) ? stated : 0, this.mostOfOne)
  }
}

const WINDOW_MS = 1_000 // that the rates count in
const MAX_CLIENTS = 10_000 // addresses whose rate is remembered; the ones seen least lately are forgotten

/**
 * Stands before all routes of an app, those added later too: who is not meant, not known or too much is turned away
 * before anything of the body is read. Call it before the first route is added.
 */
export function guard(app: FastifyInstance, config: Config, keeper: Keeper): void {
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) ruleOf(one, url) // throws where nobody said who may use it
  })
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  let headers: PageHeaders = []
  void app.register(async () => {
    headers = await pageHeaders()
  })
  void app.register(rateLimit, { global: false, cache: MAX_CLIENTS })
  app.after((error) => {
    if (error !== null) throw error
    addHooks(app, config, keeper, headers, () => isClosing)
  })
  app.addHook('onClose', async () => keeper.close())
}

type PageHeaders = Awaited<ReturnType<typeof pageHeaders>>

function addHooks(
  app: FastifyInstance,
  config: Config,
  keeper: Keeper,
  headers: PageHeaders,
  isClosing: () => boolean,
): void {
  const streams = new Streams(config.maxStreams, keeper)
  app.addHook('onClose', async () => streams.close())
  const receiving = new Receiving(config.maxReceivingBytes, config.maxBodyBytes)
  const hostNames = [config.host, ...config.hostName]
  const limitOf = (max: number) => (max === 0 ? null : app.createRateLimit({ max, timeWindow: WINDOW_MS }))
  const limits = { events: limitOf(config.maxEventRequestsPerSecond), others: limitOf(config.maxRequestsPerSecond) }
  const admit = (visit: RoutedVisit, request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const stranger = strangerOf(visit, keeper.asks, keeper.holderOn(request.socket, visit.headers.authorization))
    if (stranger !== null) return turnAway(reply, stranger)
    if (request.is404) return void refuseUnknown(request, reply)
    const unknown = unknownIn(visit, request)
    if (unknown !== null) return void fail(reply, 400, 'unknown_parameter', unknown)
    if (visit.access !== 'open') reply.header('cache-control', 'no-store')
    if (visit.isStream && !streams.admit(request, reply))
      return void fail(reply, 503, 'too_many_streams', `there are ${config.maxStreams} streams; close one first`, true)
    if (!receiving.admit(request, reply))
      return void fail(reply, 503, 'too_busy', 'too much is being received at once; send it again', true)
    if (expectationOf(request.raw) === 'continue') letContinue(request, reply, config.maxBodyBytes)
    done()
  }
  // Not async: each of these requests is one of many thousands a second.
  app.addHook('onRequest', (request, reply, done) => {
    const visit = visitOf(request)
    // Set on the raw answer, since streams write past the framework. Answers to events are left out: no page sends
    // events.
    if (visit.access !== 'ingest') for (const [name, value] of headers) reply.raw.setHeader(name, value)
    const unreadable = unreadableOf(request.raw)
    if (unreadable !== null) return refuse(reply, unreadable)
    if (isClosing() && visit.method === 'POST')
      return void fail(reply, 503, 'not_ready', 'the node is stopping; nothing was accepted', true)
    const stray = strayOf(visit, hostNames)
    if (stray !== null) return turnAway(reply, stray)
    const limit = visit.access === 'ingest' ? limits.events : limits.others
    if (limit === null || isFromHere(request.ip)) return admit(visit, request, reply, done)
    limit(request).then((rate) => {
      if (!rate.isAllowed && rate.isExceeded) slowDown(reply, rate.max)
      else admit(visit, request, reply, done)
    }, done)
  })
}

interface RoutedVisit extends Visit {
  readonly isStream: boolean
  readonly query: readonly string[] | 'any'
}

function visitOf(request: FastifyRequest): RoutedVisit {
  const rule = ruleOf(request.method, request.is404 ? undefined : request.routeOptions.url)
  const { access, isStream = false, query = [] } = rule
  return { method: request.method, headers: request.headers, access, isStream, query }
}

function unknownIn({ method, query }: RoutedVisit, request: FastifyRequest): string | null {
  if (query === 'any') return null
  return unknownParameter(Object.keys(request.query as object), query, `${method} ${request.routeOptions.url}`)
}

/** A body that says that it is too large gets its answer instead. */
function letContinue(request: FastifyRequest, reply: FastifyReply, mostBytes: number): void {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return
  wasToldToContinue(request.raw)
  reply.raw.writeContinue()
}

/** Programs on this machine can take all of it anyway, and behind a proxy on it everybody has one address. */
const isFromHere = (ip: string) => isLoopback(ip.replace(/^::ffff:/, ''))

function turnAway(reply: FastifyReply, { status, code, message }: Refusal): void {
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="spillway"')
  fail(reply, status, code, message)
}

function refuse(reply: FastifyReply, { status, code, message, retryable }: Unreadable): void {
  fail(reply, status, code, message, retryable)
}

function slowDown(reply: FastifyReply, most: number): void {
  reply.header('retry-after', 1)
  fail(reply, 429, 'rate_limited', `one address may make ${most} of these requests a second; wait a second`, true)
}
