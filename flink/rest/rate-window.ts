import type { JobReading } from './job-metrics'
import { type JobRates, ratesBetween } from './job-rates'

/**
 * Readings that rates are made of: those at which the counters had moved. The JobManager fetches them every ten seconds
 * unless `metrics.fetcher.update-interval` says otherwise, and between two fetches nothing seems to happen.
 */
export interface RateWindow {
  readonly marks: readonly JobReading[]
}

export const NO_READINGS: RateWindow = { marks: [] }

const LEAST_MS = 2_000 // shorter, a fetch of Kafka's records shows as a spike
const STILL_TIMES = 2 // counters that stand still for so many times the usual gap do so since nothing comes

/** Takes a reading up. Pure. */
export function withReading({ marks }: RateWindow, reading: JobReading): RateWindow {
  const last = marks.at(-1)
  if (last === undefined || last.jobId !== reading.jobId || reading.atMs < last.atMs) return { marks: [reading] }
  const gapMs = last.atMs - (marks.at(-2)?.atMs ?? last.atMs)
  const isStill = reading.atMs - last.atMs > Math.max(LEAST_MS, STILL_TIMES * gapMs)
  if (!isStill && !hasMoved(last, reading)) return { marks }
  const all = [...marks, reading]
  const first = all.findLastIndex(({ atMs }) => reading.atMs - atMs >= LEAST_MS)
  return { marks: all.slice(Math.max(0, first)) }
}

/** null before there are two readings to compare. Pure. */
export function ratesOf({ marks }: RateWindow): JobRates | null {
  const [first, last] = [marks[0], marks.at(-1)]
  return first === undefined || last === undefined ? null : ratesBetween(first, last)
}

function hasMoved(before: JobReading, after: JobReading): boolean {
  const old = new Map(before.vertices.map((vertex) => [vertex.id, vertex]))
  return after.vertices.some(({ id, recordsIn, pendingRecords, idleMs }) => {
    const vertex = old.get(id)
    return vertex?.recordsIn !== recordsIn || vertex.pendingRecords !== pendingRecords || vertex.idleMs !== idleMs
  })
}
