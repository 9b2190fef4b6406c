import type { Refusal } from '../core/pipeline/aggregate'
import type { Rejection } from '../core/pipeline/event'
import type { Pipeline, RowOf } from '../core/pipeline/pipeline'

/** What a pipeline makes of some events. `index` counts the events from 0, blank lines left out. */
export interface RunResult<P extends Pipeline> {
  /** By their end. A window without rows has none of its events in a result: `map` dropped them, or they are dead. */
  readonly windows: readonly RunWindow<P>[]
  /** Events that ingest refuses. */
  readonly rejected: readonly RejectedEvent[]
  /** Events that came when windows of theirs were closed. */
  readonly late: readonly LateEvent[]
  /** Events that were accepted and could not be folded, such as one that `map` throws at. */
  readonly deadLetters: readonly DeadEvent[]
}

/** A window: start and end in ms since 1970, and its rows by key, as a reader of the edge node gets them. */
export interface RunWindow<P extends Pipeline> {
  readonly start: number
  readonly end: number
  readonly rows: readonly RowOf<P>[]
}

interface GivenEvent {
  readonly index: number
  /** The event as it was given. */
  readonly event: unknown
}

export interface RejectedEvent extends GivenEvent {
  readonly code: Rejection['code']
  readonly message: string
}

export interface LateEvent extends GivenEvent {
  /** Whether some of its windows were open still: it counts in those. */
  readonly partly: boolean
}

export interface DeadEvent extends GivenEvent {
  readonly code: Refusal['code']
  readonly message: string
}
