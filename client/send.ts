import { ClientError } from './client-error'
import { ANSWER_MS, ask, type Connection, errorOf, jsonOf, parsed } from './connection'
import { patiently } from './retry'
import type { EventsAnswer, RejectedEvent } from './wire'

/** Events to send: objects, or lines of JSON as they are. */
export type SentEvents = Iterable<object | string>

export interface SendOptions {
  /**
   * Names what is sent, for an hour: sent again under the same key it counts once. By default a random one. At most 100
   * characters; a request after the first has its number behind it.
   */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** What became of the events. */
export interface Sent {
  readonly accepted: number
  /** Came when all their windows were closed, and count nowhere. */
  readonly late: number
  /** Accepted, and missed some of their windows. */
  readonly partlyLate: number
  /** Windows that end at or before it were closed; null: none was. */
  readonly horizon: number | null
  /** The first hundred of each request. */
  readonly rejected: readonly RejectedEvent[]
  /** How many more there are. */
  readonly moreRejected: number
  readonly idempotencyKey: string
}

/** Events and characters in one request: far below what a node takes (maxRequestLines, maxBodyBytes). */
const BATCH_EVENTS = 5_000
const BATCH_CHARS = 512 * 1024
const MAX_KEY = 100 // a node takes 128, and the number of a request comes behind it

/**
 * Sends the events in order, some thousand a request, each repeated under its key until there is an answer. Rejects with
 * ClientError; sending all of it again under its `details.idempotencyKey` is safe, and goes on where it failed.
 */
export async function send(to: Connection, events: SentEvents, options: SendOptions = {}): Promise<Sent> {
  const { idempotencyKey = crypto.randomUUID(), signal } = options
  if (idempotencyKey === '' || idempotencyKey.length > MAX_KEY) {
    throw new ClientError('invalid_key', `an idempotency key has 1 to ${MAX_KEY} characters`, false)
  }
  let sent: Sent = { ...NOTHING, idempotencyKey }
  let number = 0
  for (const { lines, first } of batchesOf(events)) {
    const key = number === 0 ? idempotencyKey : `${idempotencyKey}.${number}`
    const answer = await sendBatch(to, `${lines.join('\n')}\n`, key, signal).catch((error) => {
      throw error instanceof ClientError ? withKey(error, idempotencyKey) : error
    })
    sent = joined(sent, answer, first)
    number += 1
  }
  return sent
}

const NOTHING = { accepted: 0, late: 0, partlyLate: 0, horizon: null, rejected: [], moreRejected: 0 } as const

function joined(sent: Sent, answer: EventsAnswer, first: number): Sent {
  return {
    ...sent,
    accepted: sent.accepted + answer.accepted,
    late: sent.late + answer.late,
    partlyLate: sent.partlyLate + answer.partlyLate,
    horizon: answer.horizon,
    rejected: [...sent.rejected, ...answer.rejected.map(({ line, ...why }) => ({ index: first + line - 1, ...why }))],
    moreRejected: sent.moreRejected + (answer.moreRejected ?? 0),
  }
}

function withKey({ code, message, retryable, details }: ClientError, idempotencyKey: string): ClientError {
  return new ClientError(code, message, retryable, { ...details, idempotencyKey })
}

function sendBatch(to: Connection, body: string, key: string, signal: AbortSignal | undefined): Promise<EventsAnswer> {
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': key }
  return patiently(to.giveUpMs, signal, async () => {
    const response = await ask(to, '/v1/events', { method: 'POST', headers, body, signal, timeoutMs: ANSWER_MS })
    if (response.status === 422) return allRejected(response, parsed(await response.text()))
    return (await jsonOf(to, response)) as EventsAnswer
  })
}

/** A request of which every line was rejected has the same fields, and is as definite. */
function allRejected(response: Response, body: unknown): EventsAnswer {
  if ((body as { code?: unknown } | undefined)?.code === 'all_rejected') return body as EventsAnswer
  throw errorOf(response, body)
}

interface Batch {
  readonly lines: readonly string[]
  /** Place of its first event among all of them. */
  readonly first: number
}

/** The same events always make the same batches: a repeat has the same keys. */
export function* batchesOf(events: SentEvents): Generator<Batch> {
  let lines: string[] = []
  let first = 0
  let chars = 0
  for (const event of events) {
    const line = lineOf(event)
    if (lines.length === BATCH_EVENTS || (chars + line.length > BATCH_CHARS && lines.length > 0)) {
      yield { lines, first }
      first += lines.length
      lines = []
      chars = 0
    }
    lines.push(line)
    chars += line.length + 1
  }
  if (lines.length > 0) yield { lines, first }
}

/** An event is one line. A line break in a text would make two of it; between the fields of JSON it is mere space. */
const lineOf = (event: object | string): string =>
  typeof event === 'string' ? event.replaceAll(/[\r\n]+/g, ' ') : JSON.stringify(event)
