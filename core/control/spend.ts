/** What was spent within the last hour, in buckets of a minute. Times are of the caller's monotonic clock. */
export interface Spend {
  /** All that was ever spent, as it was told last, in dollars. */
  readonly totalUsd: number
  /** The latest last; at most an hour of them and one. */
  readonly buckets: readonly Bucket[]
}

interface Bucket {
  readonly startMs: number
  readonly usd: number
}

export const NOTHING_SPENT: Spend = { totalUsd: 0, buckets: [] }

const HOUR_MS = 3_600_000
const BUCKET_MS = 60_000

/** Notes that `totalUsd` dollars were spent since the start. What was spent since the last note counts as spent now. */
export function spent(state: Spend, totalUsd: number, nowMs: number): Spend {
  const usd = totalUsd - state.totalUsd
  if (!(usd > 0)) return state
  const buckets = state.buckets.filter((bucket) => isWithinHour(bucket, nowMs))
  const last = buckets.at(-1)
  const startMs = Math.floor(nowMs / BUCKET_MS) * BUCKET_MS
  if (last === undefined || last.startMs < startMs) return { totalUsd, buckets: [...buckets, { startMs, usd }] }
  return { totalUsd, buckets: [...buckets.slice(0, -1), { startMs: last.startMs, usd: last.usd + usd }] }
}

/**
 * Dollars spent within the last hour; by up to a minute's more, but never less: a bucket counts until all of it is
 * older.
 */
export function lastHourUsd({ buckets }: Spend, nowMs: number): number {
  return buckets.reduce((sum, bucket) => (isWithinHour(bucket, nowMs) ? sum + bucket.usd : sum), 0)
}

const isWithinHour = ({ startMs }: Bucket, nowMs: number) => nowMs - (startMs + BUCKET_MS) < HOUR_MS
