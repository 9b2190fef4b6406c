import { FlinkUnread } from '../../flink/rest/flink-rest'
import type { JobReading } from '../../flink/rest/job-metrics'
import { lagOf, readBy } from '../../flink/rest/job-rates'
import type { BusyTime, Look } from './observation'

/** A job as it is watched. */
export interface WatchOptions {
  /** Rejects with FlinkUnread. */
  readonly read: () => Promise<JobReading>
  readonly everyMs: number
  readonly forMs: number
  /** Ends the watch before its time. */
  readonly stop: AbortSignal
  /** Resolves after so long, or when the watch is stopped. */
  readonly sleep: (ms: number) => Promise<void>
  /** Any clock that does not go back. */
  readonly nowMs: () => number
  readonly onLook: (look: Look, elapsedMs: number) => void
  /** Something else than a look to tell people. */
  readonly say: (text: string) => void
}

/** Why a watch was over. */
export type WatchEnd = 'time' | 'stopped' | 'job-over' | 'away'

const AWAY_MS = 60_000 // a JobManager that is replaced is back by then
const OVER = ['FINISHED', 'CANCELED', 'FAILED']

/** Looks at a job again and again. Rejects with FlinkUnread when the first look fails. */
export async function watch(options: WatchOptions): Promise<{ readonly looks: Look[]; readonly end: WatchEnd }> {
  const { read, everyMs, forMs, stop, sleep, nowMs, onLook, say } = options
  const looks: Look[] = []
  const startMs = nowMs()
  let answeredMs = startMs
  let isAnswering = true
  while (true) {
    const reading = await read().catch((error: unknown) => {
      if (!(error instanceof FlinkUnread) || looks.length === 0) throw error
      return error
    })
    const elapsedMs = nowMs() - startMs
    if (reading instanceof FlinkUnread) {
      if (isAnswering) say(`   ${reading.message}; asking again`)
      isAnswering = false
      if (reading.code === 'flink_unknown_job') return { looks, end: 'job-over' }
      if (nowMs() - answeredMs > AWAY_MS) return { looks, end: 'away' }
    } else {
      answeredMs = nowMs()
      isAnswering = true
      const look = lookFrom(reading)
      if (look !== null) looks.push(look)
      if (look !== null) onLook(look, elapsedMs)
      if (OVER.includes(reading.state)) return { looks, end: 'job-over' }
    }
    if (stop.aborted) return { looks, end: 'stopped' }
    if (elapsedMs >= forMs) return { looks, end: 'time' }
    await sleep(Math.min(everyMs, Math.max(0, forMs - elapsedMs)))
  }
}

/**
 * What counts of a reading: its sources, what waits for them, and the work of every part. null before Flink has fetched
 * the counts of the sources.
 */
export function lookFrom(reading: JobReading): Look | null {
  const { vertices, restarts, atMs } = reading
  const counts = vertices.filter(({ isSource }) => isSource).map(readBy)
  if (counts.includes(null)) return null
  const taken = counts.reduce<number>((sum, count) => sum + count!, 0)
  const busy = vertices.flatMap(({ id, busyMs, parallelism }): BusyTime[] =>
    busyMs === null ? [] : [{ part: id, ms: busyMs, subtasks: parallelism }],
  )
  return { atMs, taken, waiting: lagOf(reading), busy, restarts: restarts ?? 0 }
}

/** Subtasks of the widest part of a job. */
export const subtasksOf = ({ vertices }: JobReading): number =>
  vertices.reduce((widest, { parallelism }) => Math.max(widest, parallelism), 1)
