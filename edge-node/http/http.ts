// For: the node's surface for clients, operators and the page.
// In: requests over HTTP.
// Out: answers, streams of results and samples, metrics.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { BurstMode } from '../../core/control/route'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { Answer } from '../../core/protocol/log-record'
import { isAllRejected, rejectedCount } from '../../core/protocol/rejections'
import type { Config } from '../config/config'
import { isReplayKey } from '../dead-letters/replays'
import { decodeBody, digestOfBody, readBodyInSlices } from '../ingest/request-body'
import type { EdgeNode } from '../node/node'
import type { Results } from '../results/results'
import type { QueryName } from './access/routes'
import { createApp } from './app'
import { dashboardRoutes, openApiRoutes } from './dashboard'
import { type DeadLetterSurface, deadLetterRoutes } from './dead-letters'
import { fail, inOneLine, queryLimit, queryNumber } from './error'
import { latestRoute, liveRoutes } from './live'
import { type MetricSources, metricsRoutes } from './metrics/metrics'
import { modeRoute } from './mode'
import { momentOf } from './node-moment'
import { streamFinals } from './result-stream'
import type { Status } from './status'

const MAX_KEY_LENGTH = 128 // an idempotency key is remembered; a UUID has 36
const MAX_PAGE_ROWS = 10_000 // rows in one answer: a few megabytes

const windowsQuery = z.object({
  from: queryNumber().default(Number.NEGATIVE_INFINITY),
  to: queryNumber().default(Number.POSITIVE_INFINITY),
  key: z.string().optional(),
  limit: queryLimit(MAX_PAGE_ROWS).default(1_000),
  cursor: z.string().optional(),
} satisfies Record<QueryName<'GET /v1/windows'>, z.ZodType>)

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
  const app = createApp(surface)
  app.post('/v1/events', (request, reply) => postEvents(surface, request, reply))
  app.get('/v1/windows', (request, reply) => getWindows(surface, request, reply))
  app.get('/v1/stream', { exposeHeadRoute: false }, (request, reply) => streamFinals(surface, request, reply))
  app.get('/v1/status', () => surface.status())
  const setMode = (mode: BurstMode) => surface.node.setMode(mode)
  modeRoute(app, surface.config.cloud === 'none' ? null : setMode, surface.logger)
  deadLetterRoutes(app, surface)
  liveRoutes(app, (atMs) => momentOf(surface, atMs))
  latestRoute(app, surface.results)
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

/** 422 when every line was rejected: many clients read the status and not the body. */
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
  if (!query.success) return fail(reply, 400, 'invalid_query', inOneLine(query.error))
  const { from, to, key, limit, cursor } = query.data
  const page = await surface.results.page({ fromMs: from, toMs: to, key: key ?? null, limit, cursor: cursor ?? null })
  return { pipeline: surface.pipeline.name, ...page }
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
