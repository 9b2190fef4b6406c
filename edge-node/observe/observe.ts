// For: what parts of the node tell and measure, and the types that the page is told.
// In: steps of envelopes, durations.
// Out: traces, percentiles, samples.

import type { Account, Work } from '../../core/protocol/protocol'

/** What happens to an envelope on its way, as it happens. `arrivedMs` is epoch ms. */
export type Step =
  /** Its events, the first of which arrived then (null: before this process), became an envelope. */
  | { readonly kind: 'cut'; readonly events: number; readonly arrivedMs: number | null }
  /** It is in the log for good. */
  | { readonly kind: 'durable' }
  /** A worker of the edge begins to fold it. */
  | { readonly kind: 'folding' }
  | { readonly kind: 'folded'; readonly deadLetters: number }
  /** It leaves for the cloud, for a reason in words. */
  | { readonly kind: 'sent'; readonly reason: string }
  /** The stream, or a call of the function, has it. */
  | { readonly kind: 'put' }
  /** The call of the function was answered: it has a head. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'headSeen'; readonly work: Work; readonly deadLetters: number }
  /** It comes back to the edge. */
  | { readonly kind: 'reclaimed'; readonly reason: string }

/** When a window was merged and became final; by the monotonic clock. */
export interface Finish {
  readonly mergeFromMs: number
  readonly mergedMs: number
  readonly finalMs: number
}

/**
 * Who is told of the ways of envelopes. Returns at once and never throws: nothing of the node's work may hang on it.
 */
export interface Trace {
  envelope(number: number, step: Step): void
  /** A window became final, made of these envelopes. */
  window(account: Account, finish: Finish): void
}

/** Nobody. */
export const NO_TRACE: Trace = { envelope: () => {}, window: () => {} }

/** Tells both of the ways of envelopes; of windows only the first, since the other does not ask. */
export const alsoTelling = (trace: Trace, other: Pick<Trace, 'envelope'>): Trace => ({
  envelope(number, step) {
    trace.envelope(number, step)
    other.envelope(number, step)
  },
  window: trace.window.bind(trace),
})
