import type { Refusal } from '../../../core/pipeline/aggregate'
import type { Envelope } from '../../../core/protocol/envelope'
import type { DeadLetter } from '../../../core/protocol/fold'
import type { EncodedPartial } from '../../../core/protocol/partial'

/** What the node asks of the process that folds apart. */
export interface Order {
  readonly envelope: Envelope
  /** Events that stay dead, as `FoldTerms.dead` has them. */
  readonly dead: ReadonlyMap<number, Refusal['code']>
  /**
   * True: event by event, waiting after each for what it left behind. False: as fast as possible, without saying which
   * event did what.
   */
  readonly isEventByEvent: boolean
}

/** A pane of a partial that goes from one process to another. */
export interface SentPane extends EncodedPartial {
  readonly startMs: number
}

/** An event that would have ended the node, and by what. */
export interface Killer {
  /** Null where it cannot be told which event it was. */
  readonly offset: number | null
  readonly reason: string
}

/** What that process tells. */
export type Told =
  | { readonly kind: 'ready' }
  /** It goes on: up to now nothing loops. Event by event with the one that begins. */
  | { readonly kind: 'progress'; readonly offset: number | null }
  | { readonly kind: 'folded'; readonly panes: readonly SentPane[]; readonly deadLetters: readonly DeadLetter[] }
  | { readonly kind: 'killed'; readonly by: readonly Killer[] }
