import type { EnvelopeHeader } from './envelope'
import type { EncodedTally } from './partial'
import type { Rejections } from './rejections'

/** What a client is told about its request; the same again when it repeats the request under its key. */
export interface Answer extends Rejections {
  /** Events that count in at least one window, partly late ones included. */
  readonly accepted: number
  /** Events all of whose windows were closed at `horizon`: they count nowhere. */
  readonly late: number
  /** Accepted events that miss some of their windows. */
  readonly partlyLate: number
  /** Closed horizon (event time in ms) at the request's place in the log; null when nothing was closed yet. */
  readonly horizon: number | null
  /**
   * A rejected line may be accepted later, so the answer is remembered even if nothing was accepted: sent again under
   * its key, the request gets the same answer, and those lines need another key. Absent: none.
   */
  readonly mayPass?: true
}

/** A result that became final. Final is final: no later record changes it. */
export interface FinalRecord {
  readonly type: 'final'
  /** Dense number of the final, the id in the stream of results. */
  readonly number: number
  readonly startMs: number
  readonly endMs: number
  readonly version: string
  readonly accepted: EncodedTally
  /** Events folded at the edge, in the burst, and dead-lettered; they add up to the accepted ones. */
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly rows: number
  /** SHA-256 of the result file's content, in hex. */
  readonly digest: string
  readonly atMs: number
  /** Size of the result file; absent in records of older versions. */
  readonly bytes?: number
}

/** Everything the log holds. Its order decides what is late, which envelopes there are and which results are final. */
export type LogRecord =
  /** The first record of each segment: the offset of the next event. */
  | { readonly type: 'segment'; readonly firstOffset: number }
  | {
      readonly type: 'boot'
      readonly incarnation: string
      readonly epoch: number
      readonly version: string
      readonly atMs: number
    }
  | {
      readonly type: 'request'
      /** The client's idempotency key, when it sent one. */
      readonly key: string | null
      readonly answer: Answer
      /** SHA-256 of the body that came under the key, in hex; absent in records of older versions. */
      readonly bodyDigest?: string
      /** When the key was taken, in epoch ms; absent without a key and in records of older versions. */
      readonly atMs?: number
      /** Offset of the first accepted event; the others follow. */
      readonly firstOffset: number
      /** Largest timestamp of the lines in ms; null without lines. */
      readonly newestMs: number | null
      /** Pane of each line, as runs of `[start of the pane, lines]`: replay need not read the lines. */
      readonly panes: readonly (readonly [number, number])[]
      /** The accepted lines, as they came. */
      readonly lines: readonly string[]
    }
  | { readonly type: 'cut'; readonly header: EnvelopeHeader }
  | { readonly type: 'closing'; readonly horizonMs: number }
  | FinalRecord
  /**
   * Everything before it is on disk: appended when the log falls idle, so that damage before it cannot be taken for a
   * torn tail.
   */
  | { readonly type: 'seal' }
  /** From event time `fromMs` on, windows belong to `version`. */
  | { readonly type: 'version'; readonly version: string; readonly fromMs: number }
