import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { FinalRecord } from '../../core/protocol/log-record'
import type { Finisher } from '../closing/closing'
import { type Results, served, WindowGone } from '../results/results'
import type { QueryName } from './access/routes'
import { fail, inOneLine } from './error'
import { eventId, idBefore, placeOf, RESETS, type ResetCode } from './stream-place'

const MAX_ROWS = 1_000 // rows in one event; a larger window says so and is read at /v1/windows
const KEEP_ALIVE_MS = 15_000 // comments that keep proxies from closing an idle connection

/** Where finals come from: those there are, and those to come. */
export interface StreamSource {
  readonly results: Results
  readonly node: { readonly incarnation: string; readonly finisher: Pick<Finisher, 'onFinal'> }
  readonly logger: Logger
}

/** What an event `reset` says: the windows that follow begin with `first`, the oldest that is kept. */
export interface StreamReset {
  readonly code: ResetCode
  readonly message: string
  readonly retryable: false
  readonly incarnation: string
  readonly first: number
}

const streamQuery = z.object({ from: z.string().optional() } satisfies Record<QueryName<'GET /v1/stream'>, z.ZodType>)

/**
 * Server-sent events: one `window` for each final window. Goes on after the id in Last-Event-ID or in `from`, else
 * begins with the next final. An id that this log cannot know is answered with an event `reset`, and with everything.
 * Rejects with WindowGone when retention took away what would come next; a reader that is too slow for it is cut off.
 */
export async function streamFinals(source: StreamSource, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { results, node, logger } = source
  const { incarnation } = node
  const query = streamQuery.safeParse(request.query)
  if (!query.success) return void fail(reply, 400, 'invalid_query', inOneLine(query.error))
  // A browser that comes back sends the header to the address with which it began, so the header is newer.
  const id = String(request.headers['last-event-id'] ?? '') || query.data.from
  const place = placeOf(id, { incarnation, first: results.first, count: results.count })
  if (place === null) return void fail(reply, 400, 'invalid_event_id', NO_ID)
  // A slow reader costs its place and no queue: the finals are at hand as long as the node runs.
  let { next } = place
  if (next < results.first) throw new WindowGone(goneBy(results.first))
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  // The id comes first, so that a reader that is cut off before its first window misses none.
  raw.write(`: final windows\nid: ${idBefore(incarnation, next)}\n\n`)
  if (place.reset !== undefined) raw.write(resetEvent(place.reset, incarnation, next))
  let sending = false
  const send = async () => {
    if (sending) return
    sending = true
    for (let finals = results.since(next); finals.length > 0; finals = results.since(next)) {
      if (finals[0]!.number !== next) throw new WindowGone(goneBy(finals[0]!.number))
      for (const final of finals) {
        const text = await windowEvent(source, final)
        if (raw.destroyed) return
        next = final.number + 1
        if (!raw.write(text)) await drained(raw)
      }
    }
    sending = false
  }
  const sendOrEnd = () =>
    send().catch((error) => {
      logger.error({ err: error }, 'a final window cannot be read for the stream')
      raw.destroy()
    })
  const stopListening = node.finisher.onFinal(() => void sendOrEnd())
  const keepAlive = setInterval(() => raw.write(': waiting\n\n'), KEEP_ALIVE_MS)
  raw.on('close', () => {
    stopListening()
    clearInterval(keepAlive)
  })
  await sendOrEnd()
}

async function windowEvent({ results, node }: StreamSource, final: FinalRecord): Promise<string> {
  const { rows, ...error } = await results.rowsOrError(final)
  const data = {
    ...served(final),
    rowCount: final.rows,
    rows: rows.slice(0, MAX_ROWS),
    truncated: rows.length > MAX_ROWS,
    ...error,
  }
  return `id: ${eventId(node.incarnation, final.number)}\nevent: window\ndata: ${JSON.stringify(data)}\n\n`
}

function resetEvent(code: ResetCode, incarnation: string, first: number): string {
  const message = `${RESETS[code]}; forget what you have of the other, all windows that are kept follow`
  const data: StreamReset = { code, message, retryable: false, incarnation, first }
  return `event: reset\ndata: ${JSON.stringify(data)}\n\n`
}

const NO_ID = 'last-event-id, or from, is no id: send that of an event as it came, or start for all windows'

const goneBy = (first: number) =>
  `retention took away the windows before number ${first}; begin with from=start for all that are kept`

const drained = (raw: NodeJS.WritableStream & NodeJS.EventEmitter) =>
  new Promise<void>((resolve) => {
    const done = () => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.on('drain', done)
    raw.on('close', done)
  })
