import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Answer } from '../core/log-record'
import type { Pipeline } from '../core/pipeline'
import { isAllRejected, rejectedCount } from '../core/rejections'
import { guard } from './access/guard'
import { Keeper } from './access/keeper'
import type { QueryName } from './access/routes'
import type { Config } from './config'
import { isDiskError } from './disk-error'
import { dashboardRoutes } from './http-dashboard'
import { type DeadLetterSurface, deadLetterRoutes } from './http-dead-letters'
import { fail } from './http-error'
import { liveRoutes } from './http-live'
import { type MetricSources, metricsRoutes } from './http-metrics'
import { refuseUnknown } from './http-not-found'
import { openApiRoutes } from './http-openapi'
import { createServer } from './http-server'
import { LogFailed } from './log'
import type { EdgeNode } from './node'
import { queryLimit, queryNumber } from './query-number'
import { isReplayKey } from './replays'
import { decodeBody, digestOfBody, readBodyInSlices } from './request-body'
import { streamFinals } from './result-stream'
import { InvalidCursor, type Results, WindowGone } from './results'
import type { Status } from './status'
import { UnreadableBody } from './unreadable-body'

const MAX_KEY_LENGTH = 128 // an idempotency key is remembered; a UUID has 36
/** What was on its way to a disk that then refused is written once it does no more. */
const REPEAT = 'the request may still count, so send it again under the same Idempotency-Key'
const MAX_PAGE_ROWS = 10_000 // rows in one answer: a few megabytes

const windowsQuery = z.object({
  from: queryNumber().default(Number.NEGATIVE_INFINITY),
  to: queryNumber().default(Number.POSITIVE_INFINITY),
  key: z.string().optional(),
  limit: queryLimit(MAX_PAGE_ROWS).default(1_000),
  cursor: z.string().optional(),
} satisfies Record<QueryName<'GET /v1/windows'>, z.ZodType>)

const burstBody = z.strictObject({ mode: z.enum(['auto', 'always', 'never']) })

/** What the HTTP surface shows and drives. */
export interface Surface extends DeadLetterSurface, MetricSources {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly node: EdgeNode
  readonly results: Results
  readonly status: () => Status
  readonly logger: Logger
}

/** The HTTP API of the edge node. Every error is `{code, message, retryable}`. */
export function createHttp(surface: Surface): FastifyInstance {
  const { config, logger } = surface
  const keeper = new Keeper(config, logger)
  const app = createServer(config, keeper)
  guard(app, config, keeper)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) => answerError(surface, error, request, reply))
  app.setNotFoundHandler((request, reply) => refuseUnknown(request, reply))
  app.post('/v1/events', (request, reply) => postEvents(surface, request, reply))
  app.get('/v1/windows', (request, reply) => getWindows(surface, request, reply))
  app.get('/v1/stream', { exposeHeadRoute: false }, (request, reply) => streamFinals(surface, request, reply))
  app.get('/v1/status', () => surface.status())
  app.post('/v1/burst', (request, reply) => postBurst(surface, request, reply))
  deadLetterRoutes(app, surface)
  liveRoutes(app, surface)
  metricsRoutes(app, surface)
  openApiRoutes(app)
  dashboardRoutes(app)
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const { unready } = surface.node
    return reply.code(unready === null ? 200 : 503).send({ ready: unready === null, reason: unready })
  })
  return app
}

async function postEvents(surface: Surface, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { config, node, pipeline } = surface
  const key = header(request, 'idempotency-key') ?? null
  if (key !== null && (key === '' || key.length > MAX_KEY_LENGTH)) {
    return fail(reply, 400, 'invalid_key', `an Idempotency-Key has 1 to ${MAX_KEY_LENGTH} characters`)
  }
  if (key !== null && isReplayKey(key)) {
    return fail(reply, 400, 'invalid_key', 'keys of the form replay-DIGEST-OFFSET are the own ones of the node')
  }
  node.touch()
  const { unready } = node
  if (unready !== null) return fail(reply, 503, 'not_ready', `${unready}; nothing was accepted, send it again`, true)
  const limits = {
    bodyBytes: config.maxBodyBytes,
    lineBytes: config.maxLineBytes,
    lines: config.maxRequestLines,
    futureSkewMs: config.maxFutureSkewMs,
  }
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const body = await decodeBody(raw, header(request, 'content-encoding'), limits)
  const scheduledAtMs = Number(header(request, 'spillway-scheduled-at') ?? Number.NaN)
  const identity = key === null ? { key } : { key, digest: digestOfBody(body) }
  const read = await readBodyInSlices(pipeline, body, limits, Date.now())
  if (read.lines.length === 0 && read.rejected.length === 0)
    return fail(reply, 400, 'empty_body', 'the request has no events; send lines of JSON, a JSON array or an object')
  const ingested = await node.ingest({ ...identity, ...read }, Number.isFinite(scheduledAtMs) ? scheduledAtMs : null)
  switch (ingested.kind) {
    case 'accepted':
      return answerEvents(reply, ingested.answer)
    case 'reused':
      return fail(
        reply,
        422,
        'idempotency_key_reused',
        'another body was accepted under this idempotency-key; nothing of this one was: send it under a key of its own',
      )
    case 'refused': {
      const retryAfterMs = Math.ceil(ingested.retryAfterMs)
      reply.header('retry-after', Math.ceil(retryAfterMs / 1000))
      const message = `${ingested.reason}; nothing of this request was accepted, send it again later`
      return reply.code(429).send({ code: ingested.code, message, retryable: true, retryAfterMs })
    }
  }
}

/** A request of which every line was rejected does not look like one that was taken, also where nobody reads bodies. */
function answerEvents(reply: FastifyReply, answer: Answer): FastifyReply {
  const [first] = answer.rejected
  if (first === undefined || !isAllRejected(answer)) return reply.code(202).send(answer)
  const again = answer.mayPass
    ? 'lines that may be accepted later need another idempotency-key, the others have to be corrected'
    : 'correct them and send them again'
  const message = `every line was rejected (${rejectedCount(answer)}), line ${first.line} as ${first.code}: ${first.reason}; ${again}`
  return reply.code(422).send({ code: 'all_rejected', message, retryable: false, ...answer })
}

async function getWindows(surface: Surface, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const query = windowsQuery.safeParse(request.query)
  if (!query.success) return fail(reply, 400, 'invalid_query', z.prettifyError(query.error))
  const { from, to, key, limit, cursor } = query.data
  const page = await surface.results.page({ fromMs: from, toMs: to, key: key ?? null, limit, cursor: cursor ?? null })
  return { pipeline: surface.pipeline.name, ...page }
}

async function postBurst(surface: Surface, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const body = burstBody.safeParse(parseJson(request.body))
  if (!body.success)
    return fail(reply, 400, 'invalid_mode', 'send {"mode": "auto"}, "always" or "never", and nothing else')
  await surface.node.setMode(body.data.mode)
  surface.logger.info({ mode: body.data.mode }, 'the burst mode was set')
  return { mode: body.data.mode }
}

function answerError(surface: Surface, error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (error instanceof UnreadableBody) return fail(reply, error.status, error.code, error.message)
  if (error instanceof InvalidCursor) return fail(reply, 400, error.code, error.message)
  if (error instanceof WindowGone) return fail(reply, 410, error.code, error.message)
  if (error instanceof LogFailed) return fail(reply, 503, error.code, `${error.message}; ${REPEAT}`, true)
  if (isDiskError(error)) return fail(reply, 503, 'disk_refuses', `the disk refuses: ${String(error)}`, true)
  const { statusCode = 500, message = String(error) } = error as { statusCode?: number; message?: string }
  if (statusCode === 413)
    return fail(
      reply,
      413,
      'body_too_large',
      `the body is over ${surface.config.maxBodyBytes} bytes; send less at a time`,
    )
  if (statusCode < 500) return fail(reply, statusCode, 'bad_request', message)
  surface.logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed')
  return fail(reply, 500, 'internal', 'a bug in the edge node; its log has the details')
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    return undefined
  }
}
