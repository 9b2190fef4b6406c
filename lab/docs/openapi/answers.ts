import { z } from 'zod'
import type { StreamReset } from '../../../edge-node/http/result-stream'
import type { ServedWindow } from '../../../edge-node/results/results'
import { DEAD_LETTERS, LINE_REJECTIONS, REQUEST_ERRORS, type RequestErrorCode, STREAM_RESETS } from '../errors'

/** Schemas of what the node answers with. Strict: a field that is not described here is an error in the description. */
export const schemas = z.registry<{ id: string }>()

/** Puts a schema among the named ones of the document. */
export function named<T extends z.ZodType>(id: string, schema: T): T {
  schemas.add(schema, { id })
  return schema
}

export const count = () => z.int().min(0)
export const epochMs = () => z.number().describe('epoch milliseconds')
export const codesOf = <Code extends string>(codes: Readonly<Record<Code, unknown>>) =>
  z.enum(Object.keys(codes) as [Code, ...Code[]])

export const problem = named(
  'Error',
  z.strictObject({
    code: codesOf(REQUEST_ERRORS) as z.ZodType<RequestErrorCode>,
    message: z.string().describe('what was wrong, and what to do'),
    retryable: z.boolean().describe('whether sending the same again helps'),
    retryAfterMs: z.int().min(0).optional().describe('with overloaded, too_many_keys and too_many_windows'),
  }),
)

const ingestedFields = {
  accepted: count().describe('events on disk that count in one window or more'),
  late: count().describe('events all of whose windows are closed: they count nowhere'),
  partlyLate: count().describe('accepted events that miss some of their windows'),
  horizon: epochMs().nullable().describe('windows that end at or before it were closed; null: none was'),
  rejected: z
    .array(
      z.strictObject({
        line: z.int().min(1).describe('its number in the request'),
        code: codesOf(LINE_REJECTIONS),
        reason: z.string(),
      }),
    )
    .describe('the first 100'),
  moreRejected: z.int().min(1).optional().describe('how many more were rejected than are listed'),
  mayPass: z
    .literal(true)
    .optional()
    .describe('some of the rejected lines may be accepted later: send those again, under another idempotency-key'),
}

export const ingested = named('Ingested', z.strictObject(ingestedFields))

export const allRejected = named(
  'AllRejected',
  z.strictObject({
    ...{ code: z.literal('all_rejected'), message: z.string(), retryable: z.literal(false) },
    ...ingestedFields,
    ...{ accepted: z.literal(0), late: z.literal(0), partlyLate: z.literal(0) },
  }),
)

/** What an error is like that says more than the others; the others are `problem`. */
export const SAYS_MORE: Readonly<Partial<Record<RequestErrorCode, z.ZodType>>> = { all_rejected: allRejected }

/** A row has its key, and a value for each aggregate of the pipeline. */
const row = named('Row', z.looseObject({ key: z.string() }))

const windowFields = {
  start: epochMs(),
  end: epochMs(),
  version: z.string().describe('of the pipelines'),
  accepted: count(),
  edge: count().describe('folded at the edge'),
  burst: count().describe('folded in the cloud'),
  deadLettered: count(),
}
z.strictObject(windowFields) satisfies z.ZodType<ServedWindow>

const next = z.string().nullable().describe('the cursor of the next page; null in the last')

const windowError = z
  .strictObject({ code: z.literal('result_damaged'), message: z.string() })
  .optional()
  .describe('its rows are lost, and so there are none; the rest of it is right')

export const windowPage = named(
  'WindowPage',
  z.strictObject({
    pipeline: z.string(),
    windows: z.array(z.strictObject({ ...windowFields, rows: z.array(row), error: windowError })),
    next,
    takenBefore: epochMs()
      .nullable()
      .describe('windows that end at or before it may have been taken away by retention; null: none was'),
  }),
)

export const windowEvent = named(
  'WindowEvent',
  z.strictObject({
    ...windowFields,
    rowCount: count(),
    rows: z.array(row),
    truncated: z.boolean().describe('there are more rows: GET /v1/windows has them'),
    error: windowError,
  }),
)

export const streamReset = named(
  'StreamReset',
  z.strictObject({
    code: codesOf(STREAM_RESETS),
    message: z.string(),
    retryable: z.literal(false),
    incarnation: z.string().describe('of the log that follows'),
    first: count().describe('number of the oldest window that is kept'),
  }) satisfies z.ZodType<StreamReset>,
)

const letter = named(
  'DeadLetter',
  z.strictObject({
    id: z.string(),
    pipeline: z.string(),
    version: z.string(),
    envelope: count(),
    digest: z.string().describe('of the envelope'),
    offset: count().describe('of the event'),
    timestampMs: epochMs(),
    horizonMs: epochMs().nullable(),
    countedIn: z.array(epochMs()).describe('ends of final windows that have the event; nearly always empty'),
    code: codesOf(DEAD_LETTERS),
    reason: z.string(),
    line: z.string().describe('the event as it came'),
  }),
)

export const letterPage = named(
  'DeadLetterPage',
  z.strictObject({
    deadLetters: z.array(letter),
    damaged: z.array(z.string()).optional().describe('ids of letters that are damaged on disk'),
    next,
  }),
)

export const newestLetters = named('NewestDeadLetters', z.strictObject({ deadLetters: z.array(letter) }))

export const correctionPage = named(
  'CorrectionPage',
  z.strictObject({
    corrections: z.array(
      z.strictObject({
        pipeline: z.string(),
        version: z.string(),
        start: epochMs(),
        end: epochMs(),
        digest: z.string(),
        offset: count(),
        rows: z.array(row).describe('what the window would have had of this event alone'),
        atMs: epochMs(),
      }),
    ),
    next,
  }),
)

const replayed = z.strictObject({
  id: z.string(),
  offset: count(),
  kind: z.literal('replayed'),
  resent: z.boolean().describe('it was taken as a new event'),
  corrected: count().describe('final windows with a new correction'),
  waiting: count().describe('closed windows that are not final yet'),
})
const failed = z.strictObject({
  id: z.string(),
  offset: count(),
  kind: z.literal('failed'),
  code: z.string(),
  reason: z.string(),
})
const put = z.strictObject({
  id: z.string(),
  offset: count(),
  kind: z.literal('refused'),
  reason: z.string(),
  retryAfterMs: z.number(),
})
const unknown = z.strictObject({ id: z.string(), kind: z.literal('unknown') })

export const replays = named('Replays', z.strictObject({ replays: z.array(z.union([replayed, failed, put, unknown])) }))

/** In a request: the bound is said, since a larger one is refused. */
export const askedOffset = count()

export const takeOut = named(
  'TakeOut',
  z.strictObject({ offset: askedOffset, reason: z.string().max(200).default('somebody asked for it') }),
)

export const takenOut = named(
  'TakenOut',
  z.strictObject({ offset: count(), code: z.literal('by_hand'), reason: z.string() }),
)

export const replayRequest = named(
  'ReplayRequest',
  z.strictObject({
    ids: z.array(z.string().max(40)).min(1).max(16),
    dryRun: z.boolean().default(false).describe('change nothing, say what would be done'),
  }),
)

const event = named(
  'Event',
  z
    .looseObject({})
    .describe(
      'an object with what the pipeline reads: its key, its timestamp, the fields of its schema and aggregates',
    ),
)
export const events = named('Events', z.union([event, z.array(event).min(1)]))
/** A line of NDJSON. */
export const eventLine = event
export const burstMode = named('BurstMode', z.strictObject({ mode: z.enum(['auto', 'always', 'never']) }))
export const health = named('Health', z.strictObject({ status: z.literal('ok') }))
export const readiness = named(
  'Readiness',
  z.strictObject({ ready: z.boolean(), reason: z.string().nullable().describe('why not') }),
)
