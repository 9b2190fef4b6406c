const PER_DOUBLING = 128 // buckets: a percentile is off by at most 0.3 %
const DOUBLINGS = 32 // up to 2^32 ms, 50 days
const BUCKETS = PER_DOUBLING * DOUBLINGS
/** Bucket i holds delays from `BOUNDS[i]` ms up to `BOUNDS[i + 1]`. */
const BOUNDS = Float64Array.from({ length: BUCKETS + 1 }, (_, index) => 2 ** (index / PER_DOUBLING) - 1)

/** Delays in ms, each with a weight in events; events whose delays lie evenly between two values are added at once. */
export class Delays {
  /** Events in all, and those over the target. */
  events = 0
  over = 0
  max = 0
  private readonly weights = new Float64Array(BUCKETS)

  constructor(private readonly targetMs: number) {}

  /** `events` events with delays spread evenly from `oneMs` to `otherMs`. */
  add(events: number, oneMs: number, otherMs: number): void {
    if (events <= 0) return
    const low = Math.max(0, Math.min(oneMs, otherMs))
    const high = Math.max(0, oneMs, otherMs)
    this.events += events
    this.over += events * shareOver(this.targetMs, low, high)
    this.max = Math.max(this.max, high)
    this.spread(events, low, high)
  }

  /** The delay that so large a share of the events stays within, 0 to 1; 0 before there is any. */
  quantile(share: number): number {
    let left = this.events * share
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const weight = this.weights[bucket]!
      if (weight > 0 && left <= weight) {
        const value = BOUNDS[bucket]! + (BOUNDS[bucket + 1]! - BOUNDS[bucket]!) * Math.max(0, left / weight)
        return Math.min(this.max, value)
      }
      left -= weight
    }
    return this.max
  }

  copy(): Delays {
    const copy = new Delays(this.targetMs)
    Object.assign(copy, { events: this.events, over: this.over, max: this.max })
    copy.weights.set(this.weights)
    return copy
  }

  /** Adds what has come since `before`, an earlier copy, `times` more times. */
  repeat(before: Delays, times: number): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.weights[bucket]! += (this.weights[bucket]! - before.weights[bucket]!) * times
    }
    this.events += (this.events - before.events) * times
    this.over += (this.over - before.over) * times
  }

  private spread(events: number, low: number, high: number): void {
    const last = bucketOf(high)
    let bucket = bucketOf(low)
    if (bucket === last) {
      this.weights[bucket]! += events
      return
    }
    const perMs = events / (high - low)
    for (let from = low; bucket <= last; bucket++) {
      const to = bucket === last ? high : BOUNDS[bucket + 1]!
      this.weights[bucket]! += (to - from) * perMs
      from = to
    }
  }
}

function bucketOf(ms: number): number {
  const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(ms + 1) * PER_DOUBLING))
  return ms < BOUNDS[bucket]! ? bucket - 1 : bucket
}

function shareOver(targetMs: number, low: number, high: number): number {
  if (low > targetMs) return 1
  return high > targetMs ? (high - targetMs) / (high - low) : 0
}
