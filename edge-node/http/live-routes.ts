import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { QueryName } from './access/routes'
import { fail, queryLimit } from './error'
import { type Finals, latestRows } from './latest-windows'
import { Live, type LiveSource } from './live'

const MAX_SEARCH_LENGTH = 256
const MAX_LATEST_ROWS = 500

const latestQuery = z.object({
  search: z.string().max(MAX_SEARCH_LENGTH).default(''),
  limit: queryLimit(MAX_LATEST_ROWS).default(50),
} satisfies Record<QueryName<'GET /v1/latest'>, z.ZodType>)

/** The part of the HTTP API that the dashboard lives on: the live feed, and the last hour. */
export function liveRoutes(app: FastifyInstance, source: LiveSource): void {
  const live = new Live(source)
  app.addHook('onReady', async () => live.start())
  app.addHook('preClose', async () => live.stop())
  app.get('/v1/live', { exposeHeadRoute: false }, (_request, reply) => getLive(live, reply))
  app.get('/v1/history', (_request, reply) => reply.send(live.history.answer()))
}

/** `GET /v1/latest`: the newest results, as the dashboard shows them. */
export function latestRoute(app: FastifyInstance, results: Finals): void {
  app.get('/v1/latest', (request, reply) => getLatest(results, request, reply))
}

function getLive(live: Live, reply: FastifyReply): void {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...(reply.getHeaders() as OutgoingHttpHeaders), 'content-type': 'text/event-stream' })
  raw.on('close', live.join(raw)) // ten samples a second keep proxies patient
}

async function getLatest(results: Finals, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const query = latestQuery.safeParse(request.query)
  if (!query.success) return fail(reply, 400, 'invalid_query', z.prettifyError(query.error))
  return latestRows(results, query.data.search.trim(), query.data.limit)
}
