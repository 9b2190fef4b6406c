import { build, type Histogram } from 'hdr-histogram-js'
import { type BucketCounts, Buckets, DELAY_BOUNDS_S } from './buckets'

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
