import type { Assumptions } from '../settings'
import { BASE64, bytesFor, readUnitsFor, writeUnitsFor } from './item-sizes'

/** What merging windows used. */
interface MergesUsed {
  readonly calls: number
  readonly writeUnits: number
  readonly readUnits: number
  readonly bytesOut: number
}

/**
 * The merges of windows that have burst, besides what they read of its envelopes: the edge writes its partial of the
 * window and the merge reads it, the merge writes rows and the edge reads them; that they are final is a write of its own.
 */
export class Merges {
  private merged: MergesUsed = { calls: 0, writeUnits: 0, readUnits: 0, bytesOut: 0 }
  private window = 0
  private hasBurst = false
  private edgeBefore = 0

  /** `edgeEvents`: folded at the edge so far. */
  constructor(
    private readonly given: Assumptions,
    private readonly clockMs: () => number,
    private readonly edgeEvents: () => number,
  ) {}

  /** An envelope of the window in progress came back. */
  burst(): void {
    this.look()
    this.hasBurst = true
  }

  /** Ends the window when its time is over. What was passed over counts as windows like each other. */
  look(): void {
    const window = Math.floor(this.clockMs() / this.given.windowMs)
    if (window === this.window) return
    if (this.hasBurst) this.merged = this.withThis(window - this.window)
    this.window = window
    this.hasBurst = false
    this.edgeBefore = this.edgeEvents()
  }

  /** The window in progress included. */
  get used(): MergesUsed {
    return this.hasBurst ? this.withThis(1) : this.merged
  }

  private withThis(windows: number): MergesUsed {
    const { partialBytes, rowsBytes } = this.given
    const events = (this.edgeEvents() - this.edgeBefore) / windows
    const [partial, rows] = [bytesFor(partialBytes, events), bytesFor(rowsBytes, events)]
    const { calls, writeUnits, readUnits, bytesOut } = this.merged
    return {
      calls: calls + 1,
      writeUnits: writeUnits + writeUnitsFor(partial) + writeUnitsFor(rows) + 1,
      readUnits: readUnits + readUnitsFor(partial) + readUnitsFor(rows),
      bytesOut: bytesOut + rows * BASE64,
    }
  }
}
