import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { FinalRecord } from '../core/log-record'
import type { Finisher } from './finisher'
import { type Results, served, WindowGone } from './results'

const MAX_ROWS = 1_000 // rows in one event; a larger window says so and is read at /v1/windows
const KEEP_ALIVE_MS = 15_000 // comments that keep proxies from closing an idle connection

/** Where finals come from: those there are, and those to come. */
export interface StreamSource {
  readonly results: Results
  readonly node: { readonly finisher: Pick<Finisher, 'onFinal'> }
  readonly logger: Logger
}

/**
 * Server-sent events: one `window` for each final window, its number as the id. Resumes after Last-Event-ID, else begins with the next final.
 * Rejects with WindowGone when retention took away what would come next; a reader that is too slow for it is cut off.
 */
export async function streamFinals(source: StreamSource, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { results, node, logger } = source
  const last = Number.parseInt(String(request.headers['last-event-id'] ?? ''), 10)
  // A slow reader costs its place and no queue: the finals are at hand as long as the node runs.
  let next = Number.isNaN(last) ? results.count : Math.max(0, last + 1)
  if (next < results.first) throw new WindowGone(goneBy(results.first))
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  raw.write(': final windows\n\n')
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

async function windowEvent({ results }: StreamSource, final: FinalRecord): Promise<string> {
  const { rows, ...error } = await results.rowsOrError(final)
  const data = {
    ...served(final),
    rowCount: final.rows,
    rows: rows.slice(0, MAX_ROWS),
    truncated: rows.length > MAX_ROWS,
    ...error,
  }
  return `id: ${final.number}\nevent: window\ndata: ${JSON.stringify(data)}\n\n`
}

const goneBy = (first: number) =>
  `retention took away the windows before number ${first}; begin without last-event-id, or after ${first - 1}`

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
