import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  type DecisionMade,
  type FeedEvents,
  type Overview,
  SAMPLE_FIELDS,
  type Sample,
  type WindowsNow,
} from '../observe/feed'
import type { QueryName } from './access/routes'
import { fail, inOneLine, queryLimit } from './error'
import { History } from './history'
import { type Finals, latestRows } from './latest-windows'

const SAMPLE_MS = 100 // ten a second: a spike of a second is a curve and no dot
const SLOW_TICKS = 10 // of so many samples, one comes with all that changes slowly

/** How things are at one moment; what is only looked at now and then is made when it is asked for. */
export interface Moment {
  readonly sample: Sample
  readonly overview: () => Overview
  readonly decisions: () => readonly DecisionMade[]
  readonly windows: () => WindowsNow
}

/** Where the live feed comes from; asked with the epoch time in ms. */
export type LiveSource = (atMs: number) => Moment

/**
 * Measures ten times a second, remembers an hour, and tells readers. What changes slowly is looked at once a second,
 * while anybody reads.
 */
export class Live {
  readonly history = new History()
  private readonly readers = new Set<LiveReader>()
  /** What readers were told last. */
  private readonly told = new Map<keyof FeedEvents, string>()
  private timer: NodeJS.Timeout | undefined
  private ticks = 0

  constructor(
    private readonly source: LiveSource,
    private readonly epochMs: () => number = Date.now,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), SAMPLE_MS).unref()
  }

  /** Says goodbye to all readers. */
  stop(): void {
    clearInterval(this.timer)
    for (const reader of this.readers) reader.end()
    this.readers.clear()
  }

  /** Adds a reader, who is told at once how things are; returns how to forget it. */
  join(outlet: Outlet): () => void {
    const reader = new LiveReader(outlet)
    reader.send('fields', JSON.stringify(SAMPLE_FIELDS))
    this.lookAround(this.source(this.epochMs()))
    for (const [name, json] of this.told) reader.send(name, json)
    this.readers.add(reader)
    return () => this.readers.delete(reader)
  }

  /** One measurement. */
  tick(): void {
    const moment = this.source(this.epochMs())
    const { sample } = moment
    this.history.add(sample)
    this.ticks += 1
    if (this.readers.size === 0) return
    this.tell('sample', sample)
    if (this.ticks % SLOW_TICKS === 0) this.lookAround(moment)
  }

  private lookAround({ overview, decisions, windows }: Moment): void {
    this.tell('overview', overview())
    this.tellNews('decisions', decisions())
    this.tellNews('windows', windows())
  }

  private tell<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void {
    this.pass(name, JSON.stringify(data))
  }

  /** Tells it unless it is what was told last. */
  private tellNews<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void {
    const json = JSON.stringify(data)
    if (json !== this.told.get(name)) this.pass(name, json)
  }

  private pass(name: keyof FeedEvents, json: string): void {
    this.told.set(name, json)
    for (const reader of this.readers) reader.send(name, json)
  }
}

/** What a reader is written to: the socket's side of a response. */
export interface Outlet {
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
  end(): unknown
}

/**
 * One reader of the live feed. Every event says how things are now, so a slow reader gets the newest of each name once
 * it has room, and nothing queues up for it.
 */
export class LiveReader {
  private readonly waiting = new Map<keyof FeedEvents, string>()
  private isFull = false

  constructor(private readonly outlet: Outlet) {}

  send(name: keyof FeedEvents, json: string): void {
    if (this.isFull) this.waiting.set(name, json)
    else this.write(`event: ${name}\ndata: ${json}\n\n`)
  }

  end(): void {
    this.outlet.end()
  }

  private write(text: string): void {
    if (this.outlet.write(text)) return
    this.isFull = true
    this.outlet.once('drain', () => this.drained())
  }

  private drained(): void {
    this.isFull = false
    for (const [name, json] of [...this.waiting]) {
      if (this.isFull) return
      this.waiting.delete(name)
      this.send(name, json)
    }
  }
}

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
  if (!query.success) return fail(reply, 400, 'invalid_query', inOneLine(query.error))
  return latestRows(results, query.data.search.trim(), query.data.limit)
}
