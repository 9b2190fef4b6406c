import {
  addTally,
  type EncodedTally,
  emptyPartial,
  encodeTally,
  mergePartial,
  type Partial,
  presentRows,
  type Tally,
  tallyEquals,
  zeroTally,
} from './partial'
import type { Pipeline, Row } from './pipeline'

/** A window's result with its proof: accepted = edge + burst + dead-lettered, as counts and as hash sums. */
export interface WindowResult {
  readonly startMs: number
  readonly endMs: number
  readonly accepted: EncodedTally
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly rows: readonly Row[]
}

/** The parts did not add up to what was accepted; such a window is never final. */
export interface Unbalanced {
  readonly expected: EncodedTally
  readonly found: EncodedTally
}

/**
 * Joins the parts of a window and checks the balance. The one way in which results are made, at the edge and in the merge
 * function alike. The parts are read only; those of the edge and of the burst are told apart for the figures alone.
 */
export function mergeWindow(
  pipeline: Pipeline,
  window: { readonly startMs: number; readonly endMs: number },
  accepted: Tally,
  edge: readonly Partial[],
  burst: readonly Partial[],
): WindowResult | Unbalanced {
  const whole = emptyPartial()
  for (const part of [...edge, ...burst]) mergePartial(pipeline, whole, part)
  const found = zeroTally()
  addTally(found, whole.folded)
  addTally(found, whole.dead)
  if (!tallyEquals(found, accepted)) return { expected: encodeTally(accepted), found: encodeTally(found) }
  return {
    startMs: window.startMs,
    endMs: window.endMs,
    accepted: encodeTally(accepted),
    edge: foldedIn(edge),
    burst: foldedIn(burst),
    deadLettered: whole.dead.count,
    rows: presentRows(pipeline, whole),
  }
}

const foldedIn = (parts: readonly Partial[]) => parts.reduce((events, part) => events + part.folded.count, 0)
