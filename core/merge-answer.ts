import type { PartialRef } from './manifest'
import type { EncodedTally } from './partial'

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
