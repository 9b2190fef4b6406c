import type { Pipeline } from '../pipeline/pipeline'
import { firstOpenWindowEnd, panesOfWindow, windowEndsOfPane } from '../pipeline/window'
import type { EnvelopePartial } from './fold'
import {
  decodePartial,
  type EncodedPartial,
  emptyPartial,
  encodePartial,
  mergePartial,
  type Partial,
  takeOver,
  zeroTally,
} from './partial'

/** A slice of a pane as a checkpoint keeps it. */
export interface SliceSnapshot extends EncodedPartial {
  readonly pane: number
  readonly firstEndMs: number
}

const PIECE_GROUPS = 2_000 // groups copied at once: a few milliseconds of the thread that also takes events

/** The state at one moment. It is copied piece by piece while the state goes on. */
export interface FrozenState {
  /** Each piece is copied when it is asked for. */
  readonly pieces: Iterable<SliceSnapshot>
  /** No piece is asked for any more. */
  readonly thaw: () => void
}

/**
 * What the edge has folded. Windows share panes, and an envelope does not count in windows that were closed when it was
 * cut. So each pane is kept in slices, one for each "first window that counts it". A window is the sum of its panes'
 * slices whose first window is not later.
 */
export class EdgeState {
  private readonly panes = new Map<number, Map<number, Partial>>()
  /** While the state is frozen: what came since, in slices of its own. */
  private since: EdgeState | null = null

  constructor(private readonly pipeline: Pipeline) {}

  /** Adds the partial of an envelope that the ledger counts at the edge. May keep the partial's states. */
  absorb(horizonMs: number, envelope: EnvelopePartial): void {
    if (this.since !== null) {
      this.since.absorb(horizonMs, envelope)
      return
    }
    for (const [pane, partial] of envelope.panes) {
      const firstEndMs = firstOpenWindowEnd(this.pipeline.window, pane, horizonMs)
      if (firstEndMs === null) throw new Error(`pane ${pane} was folded although all its windows were closed`)
      this.add(pane, firstEndMs, partial)
    }
  }

  /** The edge's part of a window, to be read only: it may be this object's own state. */
  window(endMs: number): Partial {
    const slices = [...this.slicesOf(endMs), ...(this.since?.slicesOf(endMs) ?? [])]
    const [only, ...others] = slices
    if (only !== undefined && others.length === 0) return only // tumbling windows: no copy of every group
    return slices.reduce((whole, slice) => mergePartial(this.pipeline, whole, slice), emptyPartial())
  }

  /** Forgets the panes all of whose windows are final. */
  release(isFinal: (endMs: number) => boolean): void {
    for (const pane of this.panes.keys()) {
      if (windowEndsOfPane(this.pipeline.window, pane).every(isFinal)) this.panes.delete(pane)
    }
    this.since?.release(isFinal)
  }

  /**
   * Keeps the state as it is now for a checkpoint, while `absorb` and `release` go on. What comes in until `thaw` is
   * kept beside it, and merged then.
   */
  freeze(): FrozenState {
    if (this.since !== null) throw new Error('the state is frozen already')
    this.since = new EdgeState(this.pipeline)
    const slices = [...this.panes].flatMap(([pane, slices]) =>
      [...slices].map(([firstEndMs, slice]) => ({ pane, firstEndMs, slice })),
    )
    const { pipeline } = this
    return { pieces: { [Symbol.iterator]: () => piecesOf(pipeline, slices) }, thaw: () => this.thaw() }
  }

  /** Takes up a new state where the snapshot was made. */
  restore(snapshot: readonly SliceSnapshot[]): void {
    for (const { pane, firstEndMs, ...piece } of snapshot)
      this.add(pane, firstEndMs, decodePartial(this.pipeline, piece))
  }

  /** Groups held, over all panes: what memory grows with. */
  get groups(): number {
    let groups = 0
    for (const slices of this.panes.values()) for (const slice of slices.values()) groups += slice.groups.size
    return groups + (this.since?.groups ?? 0)
  }

  private thaw(): void {
    const { since } = this
    this.since = null
    for (const [pane, slices] of since?.panes ?? []) {
      for (const [firstEndMs, slice] of slices) this.add(pane, firstEndMs, slice)
    }
  }

  private slicesOf(endMs: number): Partial[] {
    return panesOfWindow(this.pipeline.window, endMs).flatMap((pane) =>
      [...(this.panes.get(pane) ?? [])].filter(([firstEndMs]) => firstEndMs <= endMs).map(([, slice]) => slice),
    )
  }

  private add(pane: number, firstEndMs: number, partial: Partial): void {
    const slices = this.panes.get(pane) ?? new Map<number, Partial>()
    this.panes.set(pane, slices)
    const slice = slices.get(firstEndMs)
    if (slice === undefined) slices.set(firstEndMs, partial)
    else takeOver(this.pipeline, slice, partial)
  }
}

interface PlacedSlice {
  readonly pane: number
  readonly firstEndMs: number
  readonly slice: Partial
}

/** The slices in pieces of some groups; the tallies of each are in its first piece. */
function* piecesOf(pipeline: Pipeline, slices: readonly PlacedSlice[]): Generator<SliceSnapshot> {
  for (const { pane, firstEndMs, slice } of slices) {
    const groups = slice.groups.entries()
    let { folded, dead } = slice
    for (let left = slice.groups.size, first = true; first || left > 0; left -= PIECE_GROUPS, first = false) {
      const piece = { folded, dead, groups: new Map(takeSome(groups, PIECE_GROUPS)) }
      yield { pane, firstEndMs, ...encodePartial(pipeline, piece) }
      folded = dead = zeroTally()
    }
  }
}

function takeSome<T>(from: Iterator<T>, most: number): T[] {
  const taken: T[] = []
  while (taken.length < most) {
    const next = from.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}
