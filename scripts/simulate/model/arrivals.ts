import type { Curve } from '../../load/schedule/curve'

/**
 * When events arrive, by the load script's rule: event n comes when the cumulative curve passes n + 1/2. Times are ms
 * of the trace. It is asked about times that go on, so it keeps its place and never searches.
 */
export class Arrivals {
  readonly endMs: number
  readonly total: number
  private place = 0

  constructor(private readonly curve: Curve) {
    this.endMs = curve.times[curve.times.length - 1]!
    this.total = Math.floor(curve.counts[curve.counts.length - 1]! + 0.5)
  }

  /** How many events have come by `ms`. */
  dueAt(ms: number): number {
    if (ms >= this.endMs) return this.total
    const { times, counts } = this.curve
    this.seek(times, ms)
    const share = (ms - times[this.place]!) / (times[this.place + 1]! - times[this.place]!)
    const count = counts[this.place]! + share * (counts[this.place + 1]! - counts[this.place]!)
    return Math.min(this.total, Math.max(0, Math.floor(count + 0.5)))
  }

  /** When event n comes, 0 <= n < total. */
  timeOf(n: number): number {
    const { times, counts } = this.curve
    this.seek(counts, n + 0.5)
    const share = (n + 0.5 - counts[this.place]!) / (counts[this.place + 1]! - counts[this.place]!)
    return times[this.place]! + share * (times[this.place + 1]! - times[this.place]!)
  }

  /** Events per second at `ms`, and until when that stays so. */
  rateAt(ms: number): { readonly perSecond: number; readonly untilMs: number } {
    if (ms >= this.endMs) return { perSecond: 0, untilMs: Number.POSITIVE_INFINITY }
    const { times, counts } = this.curve
    this.seek(times, ms)
    const untilMs = times[this.place + 1]!
    return {
      perSecond: ((counts[this.place + 1]! - counts[this.place]!) / (untilMs - times[this.place]!)) * 1000,
      untilMs,
    }
  }

  /** Puts `place` at the last point that `value` has reached, but never at the end. */
  private seek(values: Float64Array, value: number): void {
    const last = values.length - 2
    while (this.place > 0 && values[this.place]! > value) this.place -= 1
    while (this.place < last && values[this.place + 1]! <= value) this.place += 1
  }
}
