import { messageOf, Refusal } from './aggregate'
import { excerpt, fieldsInWords, shortReason } from './excerpt'
import type { Pipeline } from './pipeline'
import { LEAST_BARE_MS, readTimestamp } from './timestamp'

/**
 * Why a line was refused at ingest. The line has to change, but for `too_many_windows`: windows have to close first.
 */
export interface Rejection {
  readonly code:
    | 'invalid_utf8'
    | 'invalid_json'
    | 'not_an_object'
    | 'line_too_long'
    | 'schema'
    | 'missing_timestamp'
    | 'invalid_timestamp'
    | 'timestamp_unit'
    | 'timestamp_in_future'
    | 'missing_key'
    | 'key_too_long'
    | 'unsafe_integer'
    | 'too_many_windows'
  readonly reason: string
}

/** A line that can be admitted: its text and its event time in ms. */
export interface ReadLine {
  /** Number of the line in its request, from 1. */
  readonly number: number
  readonly line: string
  readonly timestampMs: number
  /** What folding it needs, where that was found and is small; else the fold reads the line again. */
  readonly found: Found | null
}

/** What reading an event without `map` found: its key, and the value of each column of the pipeline. */
export interface Found {
  readonly key: string
  readonly values: readonly unknown[]
}

/**
 * Reads raw line `number` (at most the size limit, checked by the caller) into its event time, or says why it cannot be
 * an event. `latestMs` is the largest timestamp taken: the clock plus the allowed skew.
 */
export function readLine(pipeline: Pipeline, number: number, line: string, latestMs: number): ReadLine | Rejection {
  const raw = parse(line)
  if (raw === undefined) return { code: 'invalid_json', reason: 'the line is no JSON value' }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { code: 'not_an_object', reason: 'an event is a JSON object, such as {"key": "a"}' }
  }
  const checked = pipeline.check(raw)
  if ('issue' in checked) return { code: 'schema', reason: shortReason(checked.issue) }
  const timestampMs = timestamp(pipeline, checked.event, latestMs)
  if (typeof timestampMs !== 'number') return timestampMs
  if (pipeline.map !== undefined) return { number, line, timestampMs, found: null }
  const key = keyOf(pipeline, checked.event)
  if (key instanceof Refusal) return { code: codeOf(key), reason: shortReason(key.reason) }
  return { number, line, timestampMs, found: foundIn(pipeline, checked.event, key) }
}

/** Null where a column has no value, or one of which it is not known how much memory it keeps. */
function foundIn(pipeline: Pipeline, event: unknown, key: string): Found | null {
  const values: unknown[] = []
  try {
    for (const [, aggregate] of pipeline.columns) {
      const value = aggregate.read(event)
      if (typeof value !== 'number' && value !== null) return null
      values.push(value)
    }
  } catch {
    return null // the fold meets it again, and says what it was
  }
  const isOwn = key.length < MIN_VIEW_LENGTH || (pipeline.keyField !== null && !pipeline.hasSchema)
  return { key: isOwn ? key : excerpt(key, key.length), values }
}

const MIN_VIEW_LENGTH = 13 // shorter parts of a text are copies in V8, longer ones may keep all of it alive

function codeOf({ code }: Refusal): 'key_too_long' | 'unsafe_integer' | 'missing_key' {
  return code === 'key_too_long' || code === 'unsafe_integer' ? code : 'missing_key'
}

/** The key of an event. A key function that throws has found none: it is the user's code and may meet any event. */
export function keyOf(pipeline: Pipeline, event: unknown): string | Refusal {
  try {
    return pipeline.keyOf(event)
  } catch (error) {
    return new Refusal('missing_key', `the key function failed: ${messageOf(error)}`)
  }
}

/** The event of an admitted line, as `map` takes it. Throws when the line could not have been admitted. */
export function eventOf<Event>(pipeline: Pipeline<Event>, line: string): Event {
  const checked = pipeline.check(JSON.parse(line))
  if ('issue' in checked) throw new Error(`an admitted line is refused by the schema: ${checked.issue}`)
  return checked.event
}

/** The event time of an admitted event in ms. Throws when it could not have been admitted. */
export function timestampMsOf<Event>(pipeline: Pipeline<Event>, event: Event): number {
  const timestampMs = readTimestamp(pipeline.timestampOf(event), pipeline.timestampUnit)
  if (timestampMs === null) throw new Error('an admitted event has no timestamp')
  return timestampMs
}

function timestamp(pipeline: Pipeline, event: unknown, latestMs: number): number | Rejection {
  const value = timestampField(pipeline, event)
  if (value === undefined || value === null) {
    return { code: 'missing_timestamp', reason: shortReason(whyNoTimestamp(pipeline, event, value)) }
  }
  const timestampMs = readTimestamp(value, pipeline.timestampUnit)
  if (timestampMs === null) return { code: 'invalid_timestamp', reason: NO_TIMESTAMP[pipeline.timestampUnit ?? 'ms'] }
  if (pipeline.timestampUnit === null && typeof value === 'number' && value < LEAST_BARE_MS) return wrongUnit(value)
  if (timestampMs <= latestMs) return timestampMs
  return {
    code: 'timestamp_in_future',
    reason: `the timestamp is ${timestampMs - latestMs} ms further ahead of the clock than is taken`,
  }
}

function whyNoTimestamp({ timestampField }: Pipeline, event: unknown, value: undefined | null): string {
  if (timestampField === null) return 'the timestamp function found none'
  if (value === null) return `the field "${timestampField}", the event's timestamp, is null`
  return `the event has no field "${timestampField}" for its timestamp; ${fieldsInWords(event)}`
}

const NO_TIMESTAMP = {
  s: 'the timestamp is neither epoch seconds nor ISO 8601',
  ms: 'the timestamp is neither epoch milliseconds nor ISO 8601',
  us: 'the timestamp is neither epoch microseconds nor ISO 8601',
  ns: 'the timestamp is neither epoch nanoseconds nor ISO 8601',
} as const

/**
 * A number that would be long past if it were ms. Without this check the event would be late, and nobody would hear
 * that the unit is wrong.
 */
function wrongUnit(value: number): Rejection {
  const reason = `${value} as milliseconds lies before 1973-03-03; state its unit in the pipeline, such as timestamp: { field: 'at', unit: 's' }`
  return { code: 'timestamp_unit', reason }
}

function timestampField(pipeline: Pipeline, event: unknown): unknown {
  try {
    return pipeline.timestampOf(event)
  } catch {
    return undefined
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
