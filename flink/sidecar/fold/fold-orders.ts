import type { Envelope } from '../../../core/protocol/envelope'
import type { DeadLetter } from '../../../core/protocol/fold'
import type { PackedPane } from '../windows'

/** What the sidecar asks of the process that folds. */
export interface FoldOrder {
  readonly id: number
  readonly envelope: Envelope
}

/** What that process tells. Whatever it is: as long as it tells something nothing holds it. */
export type FoldNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  /** So many more events of the envelope are done with. */
  | { readonly kind: 'progress'; readonly id: number; readonly events: number }
  | {
      readonly kind: 'folded'
      readonly id: number
      readonly panes: readonly PackedPane[]
      readonly deadLetters: readonly DeadLetter[]
    }

/** An envelope folded; or one that was at work when the process that folded it ended or hung. */
export type FoldedHere =
  | { readonly kind: 'folded'; readonly panes: readonly PackedPane[]; readonly deadLetters: readonly DeadLetter[] }
  | { readonly kind: 'suspect' }
