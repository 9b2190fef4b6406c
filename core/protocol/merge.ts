import type { Pipeline, Row } from '../pipeline/pipeline'
import {
  addTally,
  type EncodedTally,
  emptyPartial,
  encodeTally,
  mergePartial,
  type Partial,
  rowsOf,
  type Tally,
  tallyEquals,
  zeroTally,
} from './partial'

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
 * Joins the parts of a window as they come, and checks the balance. Edge and merge function both make results here. A
 * part is read and not kept, so memory grows with the groups and not with the parts. Parts of the edge and of the burst
 * differ only in the figures.
 */
export class WindowMerge {
  private readonly whole: Partial
  private readonly events = { edge: 0, burst: 0 }

  constructor(private readonly pipeline: Pipeline) {
    this.whole = emptyPartial(pipeline)
  }

  add(from: 'edge' | 'burst', part: Partial): void {
    mergePartial(this.whole, part)
    this.events[from] += part.folded.count
  }

  /** What has come together so far; read only. */
  get partial(): Partial {
    return this.whole
  }

  /** The result of a window that accepted these events. */
  result(window: { readonly startMs: number; readonly endMs: number }, accepted: Tally): WindowResult | Unbalanced {
    const proof = this.proof(window, accepted)
    return 'found' in proof ? proof : { ...proof, rows: [...this.rows()] }
  }

  /** The rows of the result, one by one: all of them at once would be as large as the groups again. */
  rows(): Iterable<Row> {
    return rowsOf(this.pipeline, this.whole)
  }

  /** The result without its rows. */
  proof(
    { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
    accepted: Tally,
  ): Omit<WindowResult, 'rows'> | Unbalanced {
    const { whole } = this
    const found = zeroTally()
    addTally(found, whole.folded)
    addTally(found, whole.dead)
    if (!tallyEquals(found, accepted)) return { expected: encodeTally(accepted), found: encodeTally(found) }
    const { count: deadLettered } = whole.dead
    return { startMs, endMs, accepted: encodeTally(accepted), ...this.events, deadLettered }
  }
}

/** The result of parts that are all there. */
export function mergeWindow(
  pipeline: Pipeline,
  window: { readonly startMs: number; readonly endMs: number },
  accepted: Tally,
  edge: readonly Partial[],
  burst: readonly Partial[],
): WindowResult | Unbalanced {
  const merge = new WindowMerge(pipeline)
  for (const part of edge) merge.add('edge', part)
  for (const part of burst) merge.add('burst', part)
  return merge.result(window, accepted)
}
