import type { Pipeline, RowOf } from '../core/pipeline/pipeline'

/** A final window of a pipeline `P`; it never changes. Times are ms since 1970, of the event time. */
export interface FinalWindow<P extends Pipeline = Pipeline> {
  /** Its place in the stream, to go on `after`; null where it was read from a page. */
  readonly id: string | null
  readonly start: number
  readonly end: number
  readonly version: string
  /** Events: accepted = edge + burst + deadLettered. */
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  /** By key. */
  readonly rows: readonly RowOf<P>[]
  /** Its rows are lost, and so there are none; the rest of it is right. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** The log is another than the one of the window that was read last: all windows that are kept follow. */
export interface StreamReset {
  readonly code: string
  readonly message: string
  readonly incarnation: string
  readonly first: number
}

/** An event that was not accepted: its place among those that were sent, from 0. */
export interface RejectedEvent {
  readonly index: number
  readonly code: string
  readonly reason: string
}

/** The part of `GET /v1/status` that programs act on; docs/reference/http-api.md has all of it. */
export interface NodeStatus {
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
  readonly ready: boolean
  readonly mode: 'auto' | 'always' | 'never'
  readonly horizon: number | null
  readonly watermark: number | null
  readonly windows: { readonly open: number; readonly final: number; readonly kept: number }
  readonly burst: { readonly active: boolean; readonly reason: string; readonly refusal: string | null }
}

/** A window as the stream has it. */
export interface WindowEvent<P extends Pipeline> extends Omit<FinalWindow<P>, 'id'> {
  readonly rowCount: number
  readonly truncated: boolean
}

/** An answer of `GET /v1/windows`. */
export interface WindowPage<P extends Pipeline> {
  readonly pipeline: string
  readonly windows: readonly Omit<FinalWindow<P>, 'id'>[]
  readonly next: string | null
}

/** An answer to `POST /v1/events`. */
export interface EventsAnswer {
  readonly accepted: number
  readonly late: number
  readonly partlyLate: number
  readonly horizon: number | null
  readonly rejected: readonly { readonly line: number; readonly code: string; readonly reason: string }[]
  readonly moreRejected?: number
  readonly mayPass?: boolean
}
