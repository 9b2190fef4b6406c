import type { Pipeline } from '../pipeline/pipeline'
import { firstOpenWindowEnd, lastWindowEnd, type WindowSpec } from '../pipeline/window'

/**
 * Event time at the edge: how far it has come, up to where windows are closed, and when the next ones have to close. It
 * has no clock; the time is an argument.
 */
export class Horizon {
  /** Event time in ms up to which windows are closed; -Infinity at first. */
  closedMs = Number.NEGATIVE_INFINITY
  /** Largest timestamp accepted; -Infinity at first. */
  newestMs = Number.NEGATIVE_INFINITY
  readonly panes: OpenPanes
  private idleMs = 0

  constructor(
    private readonly pipeline: Pick<Pipeline, 'window' | 'outOfOrdernessMs' | 'allowedLatenessMs'>,
    private readonly idleTimeoutMs: number,
  ) {
    this.panes = new OpenPanes(pipeline.window)
  }

  /**
   * Largest timestamp accepted, but no later than the clock, less the pipeline's out-of-orderness; -Infinity at first.
   * One producer whose clock is ahead must not make what all others send late.
   */
  watermarkMs(clockMs: number): number {
    return Math.min(this.newestMs, clockMs) - this.pipeline.outOfOrdernessMs
  }

  /** Events up to this timestamp were accepted. */
  advance(timestampMs: number): void {
    this.newestMs = Math.max(this.newestMs, timestampMs)
  }

  /** An event of the pane was accepted. */
  accept(pane: number): void {
    this.panes.add(pane, this.closedMs)
  }

  /** Lets time without requests pass. */
  tick(elapsedMs: number): void {
    this.idleMs += elapsedMs
  }

  /** Somebody is there: waiting starts anew. */
  touch(): void {
    this.idleMs = 0
  }

  /**
   * The horizon to close to, or null when no window with events would close. By the watermark; or, when nothing has
   * come for the idle timeout, by the clock, so that a pause never closes a window that the world is still in.
   */
  dueMs(clockMs: number): number | null {
    const { outOfOrdernessMs, allowedLatenessMs } = this.pipeline
    const byEvents = this.watermarkMs(clockMs) - allowedLatenessMs
    const byIdleness =
      this.idleMs < this.idleTimeoutMs
        ? Number.NEGATIVE_INFINITY
        : Math.min(this.panes.lastEndMs, clockMs - outOfOrdernessMs - allowedLatenessMs)
    const horizonMs = Math.max(byEvents, byIdleness)
    return this.panes.earliestEndMs <= horizonMs ? horizonMs : null
  }

  /** Moves the horizon, and forgets the panes whose windows that closes. */
  close(horizonMs: number): void {
    if (horizonMs <= this.closedMs) throw new Error(`the horizon only moves forward: ${this.closedMs} to ${horizonMs}`)
    this.closedMs = horizonMs
    this.panes.close(horizonMs)
  }

  /** Takes up a new one where a snapshot was made; null stands for -Infinity. */
  restore(closedMs: number | null, newestMs: number | null, panes: readonly (readonly [number, number])[]): void {
    this.closedMs = closedMs ?? Number.NEGATIVE_INFINITY
    this.newestMs = newestMs ?? Number.NEGATIVE_INFINITY
    this.panes.restore(panes, this.closedMs)
  }
}

/** Panes with accepted events and a window that is still open: what decides when a closing is worth a record. */
class OpenPanes {
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
