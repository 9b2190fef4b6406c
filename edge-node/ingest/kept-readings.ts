import type { Readings } from '../../core/protocol/uncut'

/**
 * Events whose readings are kept: some 40 MB, at about 200 bytes for a key and a few columns. Beyond that the backlog
 * is long, and its lines are read once more when their turn has come: what waits is bounded in bytes of lines alone.
 */
const MAX_EVENTS = 200_000

/** What ingest has read of envelopes that are not counted yet, by their numbers, so that a fold need not read it again. */
export class KeptReadings {
  private readonly kept = new Map<number, Readings>()
  private events = 0

  /** Keeps the readings of an envelope, unless too many are kept already. */
  keep(number: number, readings: Readings | null): void {
    if (readings === null || this.events + readings.panes.length > MAX_EVENTS) return
    this.kept.set(number, readings)
    this.events += readings.panes.length
  }

  /** Those of an envelope that is folded now; undefined where there are none. */
  of(number: number): Readings | undefined {
    return this.kept.get(number)
  }

  /** The envelope is counted. */
  drop(number: number): void {
    const readings = this.kept.get(number)
    if (readings === undefined) return
    this.kept.delete(number)
    this.events -= readings.panes.length
  }
}
