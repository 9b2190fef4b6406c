import type { DeadLetter } from './fold'
import type { EncodedGroup, EncodedTallies } from './partial'

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
  /** From the arrival of the envelope in the stream until the function began it; absent where it was called directly. */
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
