// For: how events are admitted, cut, folded, counted and merged; here is what edge and cloud tell each other.
// In: lines that were read; what each part of the node and the cloud has done.
// Out: log records, envelopes, partials, manifests and results.

import type { DeadLetter } from './fold'
import type { EncodedGroup, EncodedTallies, EncodedTally } from './partial'

/**
 * What decides a window's result: the edge partial and exactly these burst envelopes. Anything else in the cloud is an
 * orphan.
 */
export interface Manifest {
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
  readonly startMs: number
  readonly endMs: number
  readonly accepted: EncodedTally
  /** Digest over the envelopes of the accepted set, wherever they were counted: equal for every way of splitting it. */
  readonly acceptedDigest: string
  /** The edge's partial, or null when the edge counted nothing. */
  readonly edge: PartialRef | null
  /** Number and content digest of each envelope counted in the burst; none of them where `runs` has them. */
  readonly burst: readonly (readonly [number, string])[]
  /** The burst where it is too long for one merge: partials of runs of its envelopes, merged before. */
  readonly runs?: readonly PartialRef[]
}

/** A partial that stands in the cloud under an immutable attempt. */
export interface PartialRef {
  readonly attempt: string
  readonly chunks: number
}

/** Asks for the merge of some envelopes of a window, or of partials that were merged so before, into a partial. */
export interface RunOrder extends Pick<Manifest, 'pipeline' | 'version' | 'incarnation' | 'startMs' | 'endMs'> {
  readonly run: Manifest['burst']
  readonly parts?: readonly PartialRef[]
}

/** Which envelopes a complete window is made of. */
export interface Account {
  readonly endMs: number
  readonly accepted: EncodedTally
  readonly edge: readonly (readonly [number, string])[]
  readonly burst: readonly (readonly [number, string])[]
}

/**
 * What a merge came to. `work` is what it used, for the cost figures. Everything but `merged` leaves no trace and may
 * be asked again.
 */
export type MergeAnswer = { readonly work: MergeWork } & (
  | { readonly status: 'merged' }
  /** A run of envelopes is merged into this partial. */
  | { readonly status: 'folded'; readonly ref: PartialRef }
  | { readonly status: 'missing'; readonly envelopes: readonly number[]; readonly edge: boolean }
  | { readonly status: 'unbalanced'; readonly expected: EncodedTally; readonly found: EncodedTally }
  | { readonly status: 'refused'; readonly reason: string }
)

export interface MergeWork {
  readonly ms: number
  readonly memoryMb: number
  readonly readUnits: number
  readonly writeUnits: number
}

/** One pane of a finished envelope: its tallies, and its groups inline or in `chunks` chunks of the attempt. */
export interface HeadPane extends EncodedTallies {
  readonly startMs: number
  readonly groups: readonly EncodedGroup[] | null
  readonly chunks: number
}

/** What a function spent on an envelope, as far as it knows: the ground of the cost figures at the edge. */
export interface Work {
  readonly requestId: string
  readonly ms: number
  readonly memoryMb: number
  readonly writeUnits: number
  /** How long its function instance took to start; in the first head that an instance writes, and in no other. */
  readonly initMs?: number
  /**
   * From the arrival of the envelope in the stream until the function began it; absent where it was called directly.
   */
  readonly waitMs?: number
}

/**
 * The one statement about an envelope in the cloud. The first head stands: it names the attempt whose chunks count. A
 * `refused` envelope will never be done there, and the edge takes it back at once.
 */
export type Head =
  | {
      readonly kind: 'done'
      readonly digest: string
      readonly attempt: string
      readonly panes: readonly HeadPane[]
      readonly deadLetters: readonly DeadLetter[]
      readonly work: Work
    }
  | { readonly kind: 'refused'; readonly digest: string; readonly code: RefusalCode; readonly reason: string }

export type RefusalCode = 'corrupt' | 'unknown_version' | 'unknown_pipeline' | 'too_large' | 'map_killed'
