// For: what a user writes: key, timestamp, windows and aggregates of a stream.
// In: the options of a pipeline; lines of JSON.
// Out: a checked pipeline; events with key and timestamp, or the reason why a line is none.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Aggregate, isUnsafeInteger, messageOf, ownValue, Refusal, unsafeInteger } from './aggregate'
import { type Duration, parseDurationMs } from './duration'
import { fieldsInWords } from './excerpt'
import type { Aggregated, Fitting, NamedBy } from './known-fields'
import { TIMESTAMP_UNITS, type TimestampUnit } from './timestamp'
import type { WindowSpec } from './window'

/** Aggregates by the name that their results have in a row. */
export type Aggregates = Readonly<Record<string, Aggregate<unknown, unknown, unknown>>>

/** One result row: the key of the group and the result of each aggregate. */
export type Row<A extends Aggregates = Aggregates> = { readonly key: string } & {
  readonly [Name in keyof A]: ReturnType<A[Name]['present']>
}

/** The rows of a pipeline: `RowOf<typeof clicks>`. */
export type RowOf<P extends { readonly aggregates: Aggregates }> = Row<P['aggregates']>

/** The events that a pipeline takes, as `map` sees them: `EventOf<typeof clicks>`. */
export type EventOf<P extends { timestampOf(event: never): unknown }> = Parameters<P['timestampOf']>[0]

/** What `map` is told about the event it works on. */
export interface MapContext {
  /** The event's own timestamp in ms since 1970, as read at ingest. */
  readonly timestampMs: number
}

type MapResult<Mapped> = Mapped | readonly Mapped[] | undefined

/** A field by its name, or a function that finds the value. */
type FieldOf<Event> = string | ((event: Event) => unknown)

/** What a user writes; see `pipeline`. */
export interface PipelineOptions<Event, Mapped, A extends Aggregates, Given = unknown> {
  /** Lower-case letters, digits and dashes; part of every key in the cloud. */
  readonly name: string
  /** Checks the event at ingest; what it returns is what `map` sees. Must answer synchronously. */
  readonly event?: StandardSchemaV1<unknown, Event>
  /**
   * Field name, or a function of the (mapped) event that returns a string, number or boolean. A function stands after
   * `map`: the compiler infers options in their order, and would take its event for the one before `map`.
   */
  readonly key: FieldOf<Mapped> & NoInfer<NamedBy<Given, 'key', Aggregated<Event, Mapped, Given>>>
  /**
   * Field name, or a function of the raw event: epoch ms or ISO 8601. Read once, at ingest. Numbers in another unit,
   * and ms before 1973, are taken where the unit is stated: `{ field: 'ts', unit: 's' }`.
   */
  readonly timestamp: (FieldOf<Event> | { readonly field: FieldOf<Event>; readonly unit: TimestampUnit }) &
    NoInfer<NamedBy<Given, 'timestamp', unknown extends Given ? unknown : Event>>
  /**
   * Enrich, score, decode; returns an event, several, or none. Where it throws or hangs, the event is dead-lettered.
   */
  readonly map?: (event: Event, context: MapContext) => MapResult<Mapped> | Promise<MapResult<Mapped>>
  /**
   * Calls of `map` in progress at once per envelope; 64 keeps a slow service busy without a promise per event of a
   * large envelope.
   */
  readonly mapConcurrency?: number
  /**
   * How long one call of `map` may take before its event is dead-lettered; default 10 s, at most 15 min. 10 s leave a
   * slow service time for a retry, and are a third of the time after which the edge takes an envelope back from the
   * cloud. Calls wait for each other beyond `mapConcurrency`, so an envelope in which more of them hang takes a
   * multiple of this. It ends waiting, not computing: what loops without an `await` ends its process, a while after
   * this time. That costs two starts of the node; then the event is found and dead-lettered.
   */
  readonly mapTimeout?: Duration
  readonly window: WindowSpec
  /** How long after a window's end its events are still taken; default 0. */
  readonly allowedLateness?: Duration
  /** How far behind the largest timestamp the watermark runs; default 2 s. */
  readonly outOfOrderness?: Duration
  readonly aggregates: A & { readonly [Name in keyof A]: NoInfer<Fitting<Aggregated<Event, Mapped, Given>, A[Name]>> }
}

/** A checked pipeline, the same object at the edge and in the functions. */
export interface Pipeline<Event = unknown, Mapped = unknown, A extends Aggregates = Aggregates> {
  readonly name: string
  readonly window: WindowSpec
  readonly allowedLatenessMs: number
  readonly outOfOrdernessMs: number
  readonly mapConcurrency: number
  readonly mapTimeoutMs: number
  readonly aggregates: A
  /** Names and aggregates in one fixed order: the order of states in every partial. */
  readonly columns: readonly (readonly [string, Aggregate<unknown, unknown, unknown>])[]
  /** The event as `map` takes it, or why the schema refuses it. */
  check(raw: unknown): { readonly event: Event } | { readonly issue: string }
  timestampOf(event: Event): unknown
  /** The field that holds the timestamp; null where a function finds it. */
  readonly timestampField: string | null
  /** What numbers in the timestamp count, as the pipeline states it; null when it does not. */
  readonly timestampUnit: TimestampUnit | null
  /** The field that holds the key; null where a function finds it. */
  readonly keyField: string | null
  /** Whether a schema checks the event, so that all of it has to be read. */
  readonly hasSchema: boolean
  keyOf(event: Mapped): string | Refusal
  map?(event: Event, context: MapContext): MapResult<Mapped> | Promise<MapResult<Mapped>>
}

const MAX_MAP_TIMEOUT_MS = 15 * 60_000 // a function may run no longer
export const MAX_KEY_LENGTH = 512 // keys stand in every partial, row and query; longer ones are nearly always a wrong field

/** Defines a pipeline whose events have a type that was stated before: `pipeline<Click>()({ ... })`. */
type PipelineOf<Event> = <Mapped = Event, A extends Aggregates = Aggregates, const Given = unknown>(
  options: Given & PipelineOptions<Event, Mapped, A, Given>,
) => Pipeline<Event, Mapped, A>

/**
 * Defines a pipeline. Throws a TypeError that names the option when the definition cannot work, so that a wrong
 * pipeline fails when it is loaded and not at its first event. Where no schema gives the type of the events, state it
 * in a call before: `pipeline<Click>()({ ... })`. The compiler infers all type parameters of a call or none.
 */
export function pipeline<Event>(): PipelineOf<Event>
export function pipeline<Event = unknown, Mapped = Event, A extends Aggregates = Aggregates, const Given = unknown>(
  options: Given & PipelineOptions<Event, Mapped, A, Given>,
): Pipeline<Event, Mapped, A>
export function pipeline<Event, Mapped, A extends Aggregates>(
  options?: PipelineOptions<Event, Mapped, A>,
): Pipeline<Event, Mapped, A> | PipelineOf<Event> {
  // The fields that it names are the compiler's affair; here they are checked already.
  return options === undefined ? (checkedPipeline as PipelineOf<Event>) : checkedPipeline(options)
}

function checkedPipeline<Event, Mapped, A extends Aggregates>(
  options: PipelineOptions<Event, Mapped, A>,
): Pipeline<Event, Mapped, A> {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(options.name)) {
    throw new TypeError(`pipeline name "${options.name}": use lower-case letters, digits and dashes, at most 63`)
  }
  const columns = Object.entries(options.aggregates)
  if (columns.length === 0) throw new TypeError(`pipeline "${options.name}": aggregates is empty; name at least one`)
  if ('key' in options.aggregates) throw new TypeError(`pipeline "${options.name}": an aggregate cannot be named "key"`)
  const mapConcurrency = options.mapConcurrency ?? 64
  if (!Number.isInteger(mapConcurrency) || mapConcurrency < 1) {
    throw new TypeError(`pipeline "${options.name}": mapConcurrency must be a whole number of at least 1`)
  }
  return {
    name: options.name,
    window: options.window,
    allowedLatenessMs: durationMs(options.name, 'allowedLateness', options.allowedLateness ?? 0),
    outOfOrdernessMs: durationMs(options.name, 'outOfOrderness', options.outOfOrderness ?? '2s'),
    mapConcurrency,
    mapTimeoutMs: mapTimeoutMs(options.name, options.mapTimeout ?? '10s'),
    aggregates: options.aggregates,
    columns,
    check: checker(options),
    ...timestampReader(options.name, options.timestamp),
    keyField: typeof options.key === 'string' ? options.key : null,
    hasSchema: options.event !== undefined,
    keyOf: keyReader(options.key),
    ...(options.map === undefined ? {} : { map: options.map }),
  }
}

function timestampReader<Event>(name: string, timestamp: PipelineOptions<Event, unknown, Aggregates>['timestamp']) {
  const { field, unit } = typeof timestamp === 'object' ? timestamp : { field: timestamp, unit: null }
  const timestampField = typeof field === 'string' ? field : null
  if (unit === null || TIMESTAMP_UNITS.includes(unit)) {
    return { timestampOf: reader(field), timestampField, timestampUnit: unit }
  }
  throw new TypeError(`pipeline "${name}": timestamp: unit "${unit}" is none of ${TIMESTAMP_UNITS.join(', ')}`)
}

function durationMs(name: string, option: string, duration: Duration): number {
  try {
    return parseDurationMs(duration)
  } catch (error) {
    throw new TypeError(`pipeline "${name}": ${option}: ${messageOf(error)}`)
  }
}

function mapTimeoutMs(name: string, duration: Duration): number {
  const ms = durationMs(name, 'mapTimeout', duration)
  if (ms > 0 && ms <= MAX_MAP_TIMEOUT_MS) return ms
  throw new TypeError(`pipeline "${name}": mapTimeout must be above 0 and at most ${MAX_MAP_TIMEOUT_MS} ms`)
}

function checker<Event, Mapped, A extends Aggregates>(options: PipelineOptions<Event, Mapped, A>) {
  const schema = options.event?.['~standard']
  if (schema === undefined) return (raw: unknown) => ({ event: raw as Event })
  return (raw: unknown) => {
    let result: ReturnType<typeof schema.validate>
    try {
      result = schema.validate(raw)
    } catch (error) {
      return { issue: `the event schema failed: ${messageOf(error)}` }
    }
    if (result instanceof Promise) {
      result.catch(() => undefined) // zod turns a check that throws into a rejection, which would end the process
      return { issue: 'the event schema failed, or answers asynchronously; every check has to answer at once' }
    }
    if (result.issues === undefined) return { event: result.value }
    const issue = result.issues[0]
    const path = issue?.path?.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return { issue: path ? `${path}: ${issue?.message}` : (issue?.message ?? 'refused by the event schema') }
  }
}

function reader<T>(field: string | ((event: T) => unknown)): (event: T) => unknown {
  return typeof field === 'function' ? field : (event) => ownValue(event, field)
}

function keyReader<T>(field: string | ((event: T) => unknown)): (event: T) => string | Refusal {
  const read = reader(field)
  return (event) => {
    const value = read(event)
    if (isUnsafeInteger(value)) return unsafeInteger('the key')
    const key = keyText(value)
    if (key === undefined) return new Refusal('missing_key', whyNoKey(field, event, value))
    if (key.length <= MAX_KEY_LENGTH) return key
    return new Refusal('key_too_long', `the key has ${key.length} characters; at most ${MAX_KEY_LENGTH} are taken`)
  }
}

function whyNoKey(field: unknown, event: unknown, value: unknown): string {
  if (typeof field !== 'string') return `the key function returned ${kindOf(value)}: ${KEYS_ARE}`
  if (value === undefined) return `the event has no field "${field}" for its key; ${fieldsInWords(event)}`
  return `the field "${field}" is ${kindOf(value)}: ${KEYS_ARE}`
}

const KEYS_ARE = 'a key is a string, a finite number or a boolean'

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'number' ? String(value) : `of type ${typeof value}`
}

function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}
