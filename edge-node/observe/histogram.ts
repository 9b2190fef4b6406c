import { build, type Histogram } from 'hdr-histogram-js'

/** Percentiles of a duration in ms. All 0 before anything was recorded. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const HIGHEST_MS = 24 * 60 * 60 * 1000 // longer delays are recorded as a day

/** Durations in ms: percentiles of three significant digits for the status, and buckets for the metrics. */
export class DurationHistogram {
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_MS,
    numberOfSignificantValueDigits: 3,
  })
  private readonly buckets = new Buckets(DELAY_BOUNDS_S)

  /** Records a duration for `count` events at once. */
  record(durationMs: number, count = 1): void {
    const value = Math.min(Math.max(0, Math.round(durationMs)), HIGHEST_MS)
    this.histogram.recordValueWithCount(value, count)
    this.buckets.record(Math.min(durationMs, HIGHEST_MS), count)
  }

  bucketCounts(): BucketCounts {
    return this.buckets.read()
  }

  percentiles(): Percentiles {
    const { histogram } = this
    if (histogram.totalCount === 0) return { p50: 0, p99: 0, max: 0 }
    return { p50: histogram.getValueAtPercentile(50), p99: histogram.getValueAtPercentile(99), max: histogram.maxValue }
  }
}

/** A histogram as Prometheus wants it: how many were at most each bound, all of them, and their sum. Seconds. */
export interface BucketCounts {
  readonly bounds: readonly number[]
  /** For each bound, how many were at most that long. */
  readonly upTo: readonly number[]
  readonly count: number
  readonly sum: number
}

/**
 * From a fold that keeps up to a backlog that takes minutes; 1 s is the default latency target, so it is finest about
 * there.
 */
export const DELAY_BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300] as const

/** From a flush of a good disk (0.1 ms) to one that makes clients give up. */
export const DISK_BOUNDS_S = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
] as const

/** Durations in fixed buckets. Those of several nodes add up, which percentiles do not. */
export class Buckets {
  private readonly counts: number[]
  private count = 0
  private sum = 0

  constructor(private readonly bounds: readonly number[]) {
    this.counts = bounds.map(() => 0)
  }

  /** Records a duration for `count` events at once. A clock that went back records 0. */
  record(durationMs: number, count = 1): void {
    const seconds = Math.max(0, durationMs) / 1000
    const bucket = this.bounds.findIndex((bound) => seconds <= bound)
    if (bucket >= 0) this.counts[bucket]! += count
    this.count += count
    this.sum += seconds * count
  }

  read(): BucketCounts {
    let total = 0
    const upTo = this.counts.map((count) => {
      total += count
      return total
    })
    return { bounds: this.bounds, upTo, count: this.count, sum: this.sum }
  }
}
