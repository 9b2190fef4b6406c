/** Counters since the start, never reset: rates are differences between two readings. */
export interface Counters {
  readonly atMs: number
  readonly folded: number
  /** Time with at least one fold in progress. */
  readonly busyMs: number
}

/**
 * The true rate after DS2 (Kalavri et al., OSDI '18): events folded per second of busy time, over the readings of the last
 * `spanMs` of *busy* time, so that it is right while idle too. The workers of one process share it, so their busy time is the time with any of them busy.
 * Envelopes are folded as wholes, so only a reading at which one has ended says something: the rate stands until then, however long that takes.
 */
export class TrueRate {
  private readonly readings: Counters[] = []
  private ratePerSecond = 0

  /** `minBusyMs`: less busy time than this says nothing, and the last rate stands. */
  constructor(
    private readonly spanMs: number,
    private readonly minBusyMs: number,
  ) {}

  /** Takes a reading and returns the rate in events per second; 0 until there is one. */
  read(counters: Counters): number {
    if (counters.folded === this.readings.at(-1)?.folded) return this.ratePerSecond
    this.readings.push(counters)
    while (this.readings.length > 2 && counters.busyMs - this.readings[1]!.busyMs >= this.spanMs) this.readings.shift()
    const first = this.readings[0]!
    const busyMs = counters.busyMs - first.busyMs
    if (busyMs >= this.minBusyMs) this.ratePerSecond = ((counters.folded - first.folded) / busyMs) * 1000
    if (this.readings.length > 10_000) this.readings.shift() // folds that take no time must not fill the memory
    return this.ratePerSecond
  }
}
