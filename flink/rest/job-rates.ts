import type { JobReading, VertexReading } from './job-metrics'

/** What one vertex did between two readings. Shares are 0 to 1 of the time of all subtasks. */
export interface VertexRates {
  readonly id: string
  readonly inPerSecond: number
  readonly outPerSecond: number
  readonly busyShare: number | null
  readonly backPressuredShare: number | null
}

/** What a job did between two readings. Rates are records a second. */
export interface JobRates {
  readonly seconds: number
  readonly vertices: readonly VertexRates[]
  /** That its sources read. */
  readonly readPerSecond: number
  /** That came into what its sources read from: read, and what waits there more than before. */
  readonly arrivedPerSecond: number
}

/**
 * Rates between two readings of a job, by the differences of its counters: they are as fresh as the metrics that the
 * JobManager has fetched. null when no time has passed. Pure.
 */
export function ratesBetween(before: JobReading, after: JobReading): JobRates | null {
  const seconds = (after.atMs - before.atMs) / 1000
  if (!(seconds > 0)) return null
  const old = new Map(before.vertices.map((vertex) => [vertex.id, vertex]))
  const pairs = after.vertices.flatMap((to): Pair[] => {
    const from = old.get(to.id)
    return from === undefined ? [] : [[from, to]]
  })
  const read = pairs.reduce((sum, [from, to]) => (to.isSource ? sum + grown(readBy(from), readBy(to)) : sum), 0)
  const waitingMore = (lagOf(after) ?? 0) - (lagOf(before) ?? 0)
  return {
    seconds,
    vertices: pairs.map(([from, to]) => vertexRates(from, to, seconds)),
    readPerSecond: read / seconds,
    arrivedPerSecond: Math.max(0, read + waitingMore) / seconds,
  }
}

/** One vertex before and after. */
type Pair = readonly [from: VertexReading, to: VertexReading]

/** Records that wait before all sources of a job; null when none of them says. */
export function lagOf({ vertices }: Pick<JobReading, 'vertices'>): number | null {
  const known = vertices.flatMap(({ pendingRecords }) => (pendingRecords === null ? [] : [pendingRecords]))
  return known.length === 0 ? null : known.reduce((sum, pending) => sum + pending, 0)
}

/** Seconds until a record that arrives now is read, at the rate of now; null when that is unknown. */
export function lagSeconds(lagRecords: number | null, readPerSecond: number): number | null {
  if (lagRecords === null) return null
  if (lagRecords === 0) return 0
  return readPerSecond > 0 ? lagRecords / readPerSecond : null
}

function vertexRates(from: VertexReading, to: VertexReading, seconds: number): VertexRates {
  const share = (before: number | null, after: number | null) =>
    before === null || after === null ? null : Math.min(1, grown(before, after) / (seconds * 1000 * to.parallelism))
  return {
    id: to.id,
    inPerSecond: grown(from.recordsIn, to.recordsIn) / seconds,
    outPerSecond: grown(from.recordsOut, to.recordsOut) / seconds,
    busyShare: share(from.busyMs, to.busyMs),
    backPressuredShare: share(from.backPressuredMs, to.backPressuredMs),
  }
}

/**
 * A counter that is less than before belongs to a task that was started again, and began at 0. What was not known
 * before is no growth: it would be all that was ever counted.
 */
function grown(before: number | null, after: number | null): number {
  if (before === null || after === null) return 0
  return after >= before ? after - before : after
}

/** Some sources count what they hand on, and not what they read. */
export const readBy = ({ recordsIn, recordsOut }: VertexReading) => (recordsIn === 0 ? recordsOut : recordsIn)
