import type { EnvelopePartial } from './fold'
import {
  decodeGroups,
  decodeTally,
  type EncodedGroup,
  type EncodedTally,
  emptyPartial,
  encodeGroups,
  encodeTally,
  mergePartial,
  type Partial,
} from './partial'
import type { Pipeline } from './pipeline'
import { firstOpenWindowEnd, panesOfWindow, windowEndsOfPane } from './window'

/** A slice of a pane as a checkpoint keeps it. */
export interface SliceSnapshot {
  readonly pane: number
  readonly firstEndMs: number
  readonly folded: EncodedTally
  readonly dead: EncodedTally
  readonly groups: readonly EncodedGroup[]
}

/**
 * What the edge has folded. Windows share panes, and an envelope misses the windows of a pane that were closed when it was cut; so
 * a pane is kept in slices, one for each "first window that counts it", and a window is the sum of the slices at or before it.
 */
export class EdgeState {
  private readonly panes = new Map<number, Map<number, Partial>>()

  constructor(private readonly pipeline: Pipeline) {}

  /** Adds the partial of an envelope that the ledger counts at the edge. May keep the partial's states. */
  absorb(horizonMs: number, { panes }: EnvelopePartial): void {
    for (const [pane, partial] of panes) {
      const firstEndMs = firstOpenWindowEnd(this.pipeline.window, pane, horizonMs)
      if (firstEndMs === null) throw new Error(`pane ${pane} was folded although all its windows were closed`)
      const slices = this.panes.get(pane) ?? new Map<number, Partial>()
      this.panes.set(pane, slices)
      const slice = slices.get(firstEndMs)
      if (slice === undefined) slices.set(firstEndMs, partial)
      else mergePartial(this.pipeline, slice, partial)
    }
  }

  /** The edge's part of a window, to be read only: it may be this object's own state. */
  window(endMs: number): Partial {
    const slices = panesOfWindow(this.pipeline.window, endMs).flatMap((pane) =>
      [...(this.panes.get(pane) ?? [])].filter(([firstEndMs]) => firstEndMs <= endMs).map(([, slice]) => slice),
    )
    const [only, ...others] = slices
    if (only !== undefined && others.length === 0) return only // tumbling windows: no copy of every group
    return slices.reduce((whole, slice) => mergePartial(this.pipeline, whole, slice), emptyPartial())
  }

  /** Forgets the panes all of whose windows are final. */
  release(isFinal: (endMs: number) => boolean): void {
    for (const pane of this.panes.keys()) {
      if (windowEndsOfPane(this.pipeline.window, pane).every(isFinal)) this.panes.delete(pane)
    }
  }

  /** What a checkpoint keeps. */
  snapshot(): SliceSnapshot[] {
    return [...this.panes].flatMap(([pane, slices]) =>
      [...slices].map(([firstEndMs, slice]) => ({
        pane,
        firstEndMs,
        folded: encodeTally(slice.folded),
        dead: encodeTally(slice.dead),
        groups: encodeGroups(this.pipeline, slice),
      })),
    )
  }

  /** Takes up a new state where the snapshot was made. */
  restore(snapshot: readonly SliceSnapshot[]): void {
    for (const { pane, firstEndMs, folded, dead, groups } of snapshot) {
      const slice = { ...emptyPartial(), folded: decodeTally(folded), dead: decodeTally(dead) }
      decodeGroups(this.pipeline, slice, groups)
      const slices = this.panes.get(pane) ?? new Map<number, Partial>()
      this.panes.set(pane, slices.set(firstEndMs, slice))
    }
  }

  /** Groups held, over all panes: what memory grows with. */
  get groups(): number {
    let groups = 0
    for (const slices of this.panes.values()) for (const slice of slices.values()) groups += slice.groups.size
    return groups
  }
}
