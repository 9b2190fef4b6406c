/** Pipelines twice: as a user writes them, and as the reading of the documentation knows them. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { count } from '../../core/aggregates/count'
import { distinct } from '../../core/aggregates/distinct'
import { sum } from '../../core/aggregates/sum'
import { type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import type { TimestampUnit } from '../../core/pipeline/timestamp'
import { sliding, tumbling } from '../../core/pipeline/window'
import type { Fields } from '../../scripts/verify/field'
import type { ReadingPipeline } from './reading'

/** A pipeline, its reading, and the names of its fields for who makes events. */
export interface Pair {
  readonly name: string
  readonly product: Pipeline
  readonly reading: ReadingPipeline
  readonly fields: { readonly timestamp: string; readonly key: string }
  /** Timestamp and key lie in this field, which is an object. */
  readonly within?: string
}

type Options = {
  readonly sizeMs: number
  readonly slideMs?: number
  readonly unit?: TimestampUnit
  readonly outOfOrdernessMs?: number
  readonly allowedLatenessMs?: number
  readonly timestamp?: string
  readonly key?: string
  readonly within?: string
  readonly schema?: (event: Fields) => Fields | null
  readonly map?: (event: Fields) => readonly Fields[]
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A schema that takes an event with a key in letters, and makes them small. */
const smallLetters = (event: Fields): Fields | null =>
  typeof event.k === 'string' && /^[a-zA-Z]+$/.test(event.k) ? { ...event, k: event.k.toLowerCase() } : null

/** A map that takes an event apart, and finds the key of those that have none. */
const takenApart = (event: Fields): readonly Fields[] =>
  Array.isArray(event.many)
    ? event.many.filter(isObject)
    : [Object.hasOwn(event, 'k') ? event : { ...event, k: event.u }]

export const PAIRS: readonly Pair[] = [
  pair('tumbling', { sizeMs: 10_000 }),
  pair('sliding', { sizeMs: 10_000, slideMs: 3_000, allowedLatenessMs: 5_000 }),
  pair('sliding-odd', { sizeMs: 1_600, slideMs: 700, unit: 'ms', outOfOrdernessMs: 0 }),
  pair('seconds', { sizeMs: 60_000, unit: 's' }),
  pair('microseconds', { sizeMs: 7, unit: 'us', outOfOrdernessMs: 3 }),
  pair('nanoseconds', { sizeMs: 3_600_000, slideMs: 1_500_000, unit: 'ns' }),
  pair('inherited-names', { sizeMs: 86_400_000, timestamp: 'constructor', key: '__proto__' }),
  pair('functions', { sizeMs: 10_000, timestamp: 'at', key: 'id', within: 'meta' }),
  pair('schema', { sizeMs: 10_000, schema: smallLetters }),
  pair('mapped', { sizeMs: 20_000, slideMs: 10_000, map: takenApart }),
]

function pair(name: string, options: Options): Pair {
  const { sizeMs, slideMs, unit, within, schema, map, timestamp = 't', key = 'k' } = options
  const { outOfOrdernessMs = 2_000, allowedLatenessMs = 0 } = options
  const inside = (field: string) =>
    within === undefined
      ? field
      : (event: unknown) => (event as Record<string, Record<string, unknown>>)[within]![field]
  const product = pipeline<Fields, Fields>({
    name,
    timestamp: unit === undefined ? (inside(timestamp) as string) : { field: timestamp, unit },
    key: inside(key),
    window: slideMs === undefined ? tumbling(`${sizeMs}ms`) : sliding(`${sizeMs}ms`, `${slideMs}ms`),
    outOfOrderness: `${outOfOrdernessMs}ms`,
    allowedLateness: `${allowedLatenessMs}ms`,
    aggregates: { n: count(), total: sum('v'), different: distinct('u') },
    ...(schema === undefined ? {} : { event: standardSchema(schema) }),
    ...(map === undefined ? {} : { map: (event: Fields) => [...map(event)] }),
  })
  const reading: ReadingPipeline = {
    windowing: { sizeMs, slideMs: slideMs ?? sizeMs },
    outOfOrdernessMs,
    allowedLatenessMs,
    timestamp: inside(timestamp),
    key: inside(key),
    values: [
      ['number', 'v'],
      ['scalar', 'u'],
    ],
    ...(unit === undefined ? {} : { unit }),
    ...(schema === undefined ? {} : { schema }),
    ...(map === undefined ? {} : { map }),
  }
  const fields = { timestamp, key }
  return { name, product: product as unknown as Pipeline, reading, fields, ...(within === undefined ? {} : { within }) }
}

function standardSchema(schema: (event: Fields) => Fields | null): StandardSchemaV1<unknown, Fields> {
  const validate = (event: unknown) => {
    const value = schema(event as Fields)
    return value === null ? { issues: [{ message: 'letters alone', path: ['k'] }] } : { value }
  }
  return { '~standard': { version: 1, vendor: 'test', validate } }
}
