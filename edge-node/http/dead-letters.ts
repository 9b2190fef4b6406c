import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MAX_REASON_LENGTH } from '../../core/pipeline/excerpt'
import type { DeadLetters } from '../dead-letters/dead-letters'
import type { Replays } from '../dead-letters/replays'
import type { Folding } from '../fold/fold'
import type { Replayer } from '../node/replayer'
import type { NewestDeadLetters } from '../observe/feed'
import type { QueryName } from './access/routes'
import { fail, inOneLine, queryLimit } from './error'

const MAX_PAGE = 1_000 // letters or corrections in one answer; bytes are limited besides
const NEWEST = 100 // letters: enough to see what is wrong
const MAX_REPLAYS = 16 // letters in one request: each may take the time limit of `map`
const MAX_CURSOR_LENGTH = 40

const page = {
  limit: queryLimit(MAX_PAGE).default(100),
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
}
const correctionsQuery = z.object(page satisfies Record<QueryName<'GET /v1/corrections'>, z.ZodType>)
const lettersQuery = z.object({
  ...page,
  code: z.string().optional(),
} satisfies Record<QueryName<'GET /v1/dead-letters'>, z.ZodType>)
const takeOutBody = z.strictObject({
  offset: z.number().int().min(0),
  reason: z.string().max(MAX_REASON_LENGTH).default('somebody asked for it'),
})
const replaysBody = z.strictObject({
  ids: z.array(z.string().max(MAX_CURSOR_LENGTH)).min(1).max(MAX_REPLAYS),
  dryRun: z.boolean().default(false),
})

/** What the routes show and drive. */
export interface DeadLetterSurface {
  readonly deadLetters: Pick<DeadLetters, 'page' | 'newest'>
  readonly replays: Pick<Replays, 'page'>
  readonly replayer: Pick<Replayer, 'replay'>
  readonly node: { readonly folding: Pick<Folding, 'takeOut'> }
}

/**
 * The part of the HTTP API that is about dead letters: to list them, to replay them, to make one by hand, and to list
 * the corrections that came of it.
 */
export function deadLetterRoutes(app: FastifyInstance, surface: DeadLetterSurface): void {
  app.get('/v1/dead-letters', (request, reply) => getDeadLetters(surface, request, reply))
  app.get('/v1/dead-letters/newest', async (): Promise<NewestDeadLetters> => {
    return { deadLetters: await surface.deadLetters.newest(NEWEST) }
  })
  app.post('/v1/dead-letters', (request, reply) => postDeadLetter(surface, request, reply))
  app.get('/v1/corrections', (request, reply) => getCorrections(surface, request, reply))
  app.post('/v1/replays', (request, reply) => postReplays(surface, request, reply))
}

async function getDeadLetters(surface: DeadLetterSurface, request: FastifyRequest, reply: FastifyReply) {
  const query = lettersQuery.safeParse(request.query)
  if (!query.success) return fail(reply, 400, 'invalid_query', inOneLine(query.error))
  const { limit, cursor = null, code = null } = query.data
  return surface.deadLetters.page({ limit, cursor, code })
}

async function getCorrections(surface: DeadLetterSurface, request: FastifyRequest, reply: FastifyReply) {
  const query = correctionsQuery.safeParse(request.query)
  if (!query.success) return fail(reply, 400, 'invalid_query', inOneLine(query.error))
  return surface.replays.page(query.data.limit, query.data.cursor ?? null)
}

async function postReplays(surface: DeadLetterSurface, request: FastifyRequest, reply: FastifyReply) {
  const body = replaysBody.safeParse(parseJson(request.body))
  if (!body.success) return fail(reply, 400, 'invalid_replay', inOneLine(body.error))
  const { ids, dryRun } = body.data
  const replay = async (id: string) => ({ id, ...((await surface.replayer.replay(id, dryRun)) ?? UNKNOWN) })
  return { replays: await Promise.all(ids.map(replay)) }
}

async function postDeadLetter({ node }: DeadLetterSurface, request: FastifyRequest, reply: FastifyReply) {
  const body = takeOutBody.safeParse(parseJson(request.body))
  if (!body.success) return fail(reply, 400, 'invalid_dead_letter', inOneLine(body.error))
  const { offset, reason } = body.data
  const { kind } = await node.folding.takeOut(offset, reason)
  switch (kind) {
    case 'taken':
      return { offset, code: 'by_hand', reason }
    case 'unknown':
      return fail(
        reply,
        404,
        'unknown_event',
        `no event with offset ${offset} waits: it is final, or was never accepted`,
      )
    case 'counted':
      return fail(reply, 409, 'event_counted', `the event with offset ${offset} is folded, and counts in its windows`)
    case 'away':
      return fail(reply, 409, 'event_away', `the event with offset ${offset} is in the cloud; ask again later`, true)
  }
}

const UNKNOWN = { kind: 'unknown' } as const

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    return undefined
  }
}
