import { firstOpenWindowEnd, lastWindowEnd, type WindowSpec } from '../pipeline/window'

/** Panes with accepted events and a window that is still open: what decides when a closing is worth a record. */
export class OpenPanes {
  /** By start: the end of the last window of each. */
  private readonly lastEnds = new Map<number, number>()
  private earliestEnd = Number.POSITIVE_INFINITY

  constructor(private readonly spec: WindowSpec) {}

  get size(): number {
    return this.lastEnds.size
  }

  /** The first end of an open window with events; Infinity when there is none. */
  get earliestEndMs(): number {
    return this.earliestEnd
  }

  /** The last end of an open window with events; -Infinity when there is none. */
  get lastEndMs(): number {
    let lastMs = Number.NEGATIVE_INFINITY
    for (const endMs of this.lastEnds.values()) lastMs = Math.max(lastMs, endMs)
    return lastMs
  }

  has(pane: number): boolean {
    return this.lastEnds.has(pane)
  }

  /** An event of the pane was accepted under this horizon. */
  add(pane: number, horizonMs: number): void {
    if (this.lastEnds.has(pane)) return
    this.lastEnds.set(pane, lastWindowEnd(this.spec, pane))
    this.noteEnd(pane, horizonMs)
  }

  /** Forgets the panes all of whose windows the horizon closes. */
  close(horizonMs: number): void {
    this.earliestEnd = Number.POSITIVE_INFINITY
    for (const [pane, lastEndMs] of this.lastEnds) {
      if (lastEndMs <= horizonMs) this.lastEnds.delete(pane)
      else this.noteEnd(pane, horizonMs)
    }
  }

  /** Start of each pane and end of its last window. */
  snapshot(): [number, number][] {
    return [...this.lastEnds]
  }

  restore(panes: readonly (readonly [number, number])[], horizonMs: number): void {
    for (const [pane] of panes) this.add(pane, horizonMs)
  }

  private noteEnd(pane: number, horizonMs: number): void {
    const endMs = firstOpenWindowEnd(this.spec, pane, horizonMs)
    if (endMs !== null) this.earliestEnd = Math.min(this.earliestEnd, endMs)
  }
}
