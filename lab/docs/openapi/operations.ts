import type { z } from 'zod'
import type { RequestErrorCode } from '../errors'
import * as answers from './answers'
import { FEED, history, latest } from './live'
import { status } from './status'

/** A parameter of a query or a header. */
export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'header'
  readonly schema: Readonly<Record<string, unknown>>
  readonly description: string
}

/** What a route answers with when all is well. */
export type Answer =
  | { readonly status: number; readonly kind: 'json'; readonly schema: z.ZodType }
  | {
      readonly status: number
      readonly kind: 'text' | 'document'
      readonly type: string
      readonly says: string
    }
  | {
      readonly status: number
      readonly kind: 'stream'
      readonly type: string
      readonly says: string
      /** What the data of its events are. */
      readonly data: readonly z.ZodType[]
    }

/** One operation of the HTTP API. Who may use it is in edge-node/http/access/routes.ts. */
export interface Operation {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly body?: {
    readonly types: readonly string[]
    readonly schema: z.ZodType
    /** Of a line, where a type is NDJSON. */
    readonly line?: z.ZodType
    readonly says: string
  }
  readonly answers: readonly Answer[]
  /** Codes of its own, besides those that every route can have. */
  readonly errors?: readonly RequestErrorCode[]
}

const query = (name: string, schema: Parameter['schema'], description: string): Parameter => ({
  name,
  in: 'query',
  schema,
  description,
})
const header = (name: string, schema: Parameter['schema'], description: string): Parameter => ({
  name,
  in: 'header',
  schema,
  description,
})
const json = (schema: z.ZodType, status = 200): Answer => ({ status, kind: 'json', schema })
const limit = (most: number, fallback: number, what: string) =>
  query('limit', { type: 'integer', minimum: 1, maximum: most, default: fallback }, what)
const cursorOf = (pattern: string) => query('cursor', { type: 'string', pattern }, '`next` of the page before')
const windowCursor = cursorOf('^-?[0-9]{1,16}\\.-?[0-9]{1,16}\\.[0-9]{1,9}$')
const lineCursor = cursorOf('^[0-9]{1,16}\\.[0-9]{1,16}$')

/** Bare numbers are answered, too, but nobody should send them. */
const EVENT_ID = '^(start|[0-9]{1,15}_[0-9]{1,15})$'

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/events',
    summary: 'Send events',
    description:
      'The answer comes when the accepted events are on disk. Send an `idempotency-key`, and repeat the request under it until there is an answer: then nothing is lost and nothing counts twice. What was accepted, what came too late and which lines were rejected is in the answer; where every line was rejected it is the error `all_rejected` with the same fields. Late events alone are no error: they were as they have to be. A repeat under the key gets the same answer; where nothing was accepted, nor may be later, nothing is remembered, and a corrected body may come under the same key.',
    parameters: [
      header(
        'idempotency-key',
        { type: 'string', minLength: 1, maxLength: 128 },
        'a repeat within `rememberKeysMs` (an hour) gets the same answer',
      ),
      header('content-encoding', { type: 'string', enum: ['gzip', 'x-gzip', 'identity'] }, 'how the body is packed'),
      header(
        'spillway-scheduled-at',
        { type: 'number' },
        'epoch ms from which the processing delay is counted; no number: passed over',
      ),
    ],
    body: {
      types: ['application/x-ndjson', 'application/json'],
      schema: answers.events,
      line: answers.eventLine,
      says: 'NDJSON, a JSON array, or one object. The content type is not looked at.',
    },
    answers: [json(answers.ingested, 202)],
    errors: [
      'invalid_json',
      'empty_body',
      'invalid_gzip',
      'invalid_key',
      'idempotency_key_reused',
      'all_rejected',
      'body_too_large',
      'too_many_lines',
      'unknown_encoding',
      'overloaded',
      'too_many_keys',
      'too_many_windows',
      'not_ready',
      'log_failed',
      'too_busy',
    ],
  },
  {
    method: 'GET',
    path: '/v1/windows',
    summary: 'Final windows, by start',
    description:
      'Windows are kept as long as `retentionHours` and `retentionBytes` say. A range of which everything was taken away, and a cursor whose window was, are answered with `window_gone`; a range that only begins there gives what is left, and `takenBefore` says from when on it is whole.',
    parameters: [
      query('from', { type: 'number' }, 'windows that start at or after it (epoch ms)'),
      query('to', { type: 'number' }, 'windows that end at or before it (epoch ms)'),
      query('key', { type: 'string' }, 'rows of this key alone'),
      limit(10_000, 1_000, 'most rows in a page; a window without rows counts as one'),
      windowCursor,
    ],
    answers: [json(answers.windowPage)],
    errors: ['invalid_query', 'invalid_cursor', 'window_gone', 'disk_refuses'],
  },
  {
    method: 'GET',
    path: '/v1/stream',
    summary: 'Final windows as they become final',
    description:
      'Server-sent events `window`, each a WindowEvent. The id names the log and the number of the window in it, `LOG_NUMBER`; take it as it is. An id of another log (a new data folder), or beyond the end (a restored one), is answered with one event `reset`, a StreamReset, and then with all windows that are kept: nothing is passed over in silence. A reader may get a window twice that way, never too few. A bare number names no log and gets the same.',
    parameters: [
      header(
        'last-event-id',
        { type: 'string', pattern: EVENT_ID },
        'go on after this one instead of with the next final; goes before `from`',
      ),
      query(
        'from',
        { type: 'string', pattern: EVENT_ID },
        'the same, for who cannot send headers; `start`: all windows that are kept',
      ),
    ],
    answers: [
      {
        status: 200,
        kind: 'stream',
        type: 'text/event-stream',
        says: 'events of the schemas WindowEvent and StreamReset',
        data: [answers.windowEvent, answers.streamReset],
      },
    ],
    errors: ['invalid_event_id', 'invalid_query', 'window_gone', 'too_many_streams'],
  },
  {
    method: 'GET',
    path: '/v1/status',
    summary: 'Counts, backlog, decisions with their reasons, cost',
    answers: [json(status)],
  },
  {
    method: 'POST',
    path: '/v1/burst',
    summary: 'Set the burst mode',
    description:
      '`auto` goes by the policy; `always` and `never` do as they say. It holds until the node stops, for events that are accepted after it was set; what waits at the edge then is folded there, or bursts once the mode is another.',
    body: { types: ['application/json'], schema: answers.burstMode, says: 'the mode' },
    answers: [json(answers.burstMode)],
    errors: ['invalid_mode', 'no_cloud', 'log_failed'],
  },
  {
    method: 'GET',
    path: '/v1/dead-letters',
    summary: 'Events that could not be folded, oldest first',
    parameters: [
      query('code', { type: 'string' }, 'letters of this code alone'),
      limit(1_000, 100, 'most letters in a page'),
      lineCursor,
    ],
    answers: [json(answers.letterPage)],
    errors: ['invalid_query', 'invalid_cursor', 'disk_refuses'],
  },
  {
    method: 'GET',
    path: '/v1/dead-letters/newest',
    summary: 'The newest hundred of them, newest first',
    answers: [json(answers.newestLetters)],
    errors: ['disk_refuses'],
  },
  {
    method: 'POST',
    path: '/v1/dead-letters',
    summary: 'Take an event out by hand',
    description: 'An accepted event that waits to be folded becomes a dead letter with the code `by_hand`.',
    body: { types: ['application/json'], schema: answers.takeOut, says: 'the event, by its offset' },
    answers: [json(answers.takenOut)],
    errors: ['invalid_dead_letter', 'unknown_event', 'event_counted', 'event_away', 'disk_refuses'],
  },
  {
    method: 'POST',
    path: '/v1/replays',
    summary: 'Give dead letters another try',
    description:
      'For windows that are open an event is sent again; for final ones it becomes a correction. Doing it twice changes nothing more.',
    body: { types: ['application/json'], schema: answers.replayRequest, says: 'ids of dead letters' },
    answers: [json(answers.replays)],
    errors: ['invalid_replay', 'log_failed', 'disk_refuses'],
  },
  {
    method: 'GET',
    path: '/v1/corrections',
    summary: 'What replays came to for windows that were final',
    parameters: [limit(1_000, 100, 'most corrections in a page'), lineCursor],
    answers: [json(answers.correctionPage)],
    errors: ['invalid_query', 'invalid_cursor', 'disk_refuses'],
  },
  {
    method: 'GET',
    path: '/v1/live',
    summary: 'What the dashboard shows, live',
    description:
      'Server-sent events: `fields` (names of what a sample has), `sample` (ten a second), `overview` (one a second), `decisions` and `windows` (when they change).',
    answers: [
      {
        status: 200,
        kind: 'stream',
        type: 'text/event-stream',
        says: 'Sample, Overview, lists of Decision, WindowsNow',
        data: Object.values(FEED),
      },
    ],
    errors: ['too_many_streams'],
  },
  {
    method: 'GET',
    path: '/v1/history',
    summary: 'Samples of the last hour by the second, and of the last minute as they were measured',
    answers: [json(history)],
  },
  {
    method: 'GET',
    path: '/v1/latest',
    summary: 'The newest final row of each key',
    parameters: [
      query('search', { type: 'string', maxLength: 256 }, 'keys that have this text in them'),
      limit(500, 50, 'most rows'),
    ],
    answers: [json(latest)],
    errors: ['invalid_query', 'disk_refuses'],
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: [{ status: 200, kind: 'text', type: 'text/plain', says: 'text format of Prometheus, version 0.0.4' }],
  },
  {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the process runs',
    answers: [json(answers.health)],
  },
  {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether events can be accepted',
    answers: [json(answers.readiness), json(answers.readiness, 503)],
  },
  {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    answers: [{ status: 200, kind: 'document', type: 'application/json', says: 'an OpenAPI 3.1 document' }],
  },
  {
    method: 'GET',
    path: '/',
    summary: 'The dashboard',
    description: 'With its files below `/`. They hold no data: the page asks for it with a token of who looks.',
    answers: [
      { status: 200, kind: 'text', type: 'text/html', says: 'the page' },
      { status: 503, kind: 'text', type: 'text/plain', says: 'the page was not built' },
    ],
  },
]
