import { build, type Histogram } from 'hdr-histogram-js'

/** A day, in microseconds: whatever takes longer is counted as a day. */
const LONGEST_US = 86_400_000_000

export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export function latencyHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: true,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  })
}

export function recordLatencyMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(LONGEST_US, Math.max(0, Math.round(ms * 1000))))
}

/** In ms; all 0 when nothing was recorded. */
export function summarizeLatency(histogram: Histogram): LatencySummary {
  const atPercentile = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return {
    p50: atPercentile(50),
    p90: atPercentile(90),
    p99: atPercentile(99),
    p999: atPercentile(99.9),
    max: histogram.maxValue / 1000,
  }
}
