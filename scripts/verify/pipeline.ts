/** What the oracle knows of a pipeline: data and plain functions, written from FORMULAS and not from the product. */
import type { Aggregate } from './aggregate'
import type { Fields } from './field'
import type { Unit } from './time'
import type { Windowing } from './window'

/** The map's answer for an event that must be dead-lettered. */
export const DEAD_LETTER = 'dead letter'

export type OraclePipeline = {
  name: string
  windowing: Windowing
  /** Field that holds the timestamp in the event as it came in. */
  timestamp: string
  /** What numbers in it count, where the pipeline states it. */
  timestampUnit?: Unit
  /** Field name, or the key's value computed from what `map` returned. */
  key: string | ((event: Fields) => unknown)
  /** Without a map, an event without key should have been rejected; with one, it is dead-lettered. */
  map?: (event: Fields) => readonly Fields[] | typeof DEAD_LETTER
  aggregates: Readonly<Record<string, Aggregate>>
}
