import {
  checkpointsAnswer,
  jobAnswer,
  jobMetricsAnswer,
  jobsAnswer,
  metricNamesAnswer,
  metricSumsAnswer,
  overviewAnswer,
} from './answers'
import type { FlinkRest } from './flink-rest'
import { FlinkUnread } from './flink-rest'

/** What one vertex of a job has done since its tasks were started; summed over its subtasks. */
export interface VertexReading {
  readonly id: string
  readonly name: string
  readonly parallelism: number
  readonly status: string
  /** Nothing of the job comes before it. */
  readonly isSource: boolean
  /** Cumulative; they begin again at 0 when the tasks are started again. null before Flink has fetched them. */
  readonly recordsIn: number | null
  readonly recordsOut: number | null
  /** Cumulative, null where Flink does not measure it. Of a source that waits for others they say little. */
  readonly busyMs: number | null
  readonly backPressuredMs: number | null
  readonly idleMs: number | null
  /** Records that a source has not fetched yet; null for what is no source, or says nothing of it. */
  readonly pendingRecords: number | null
  /** Cumulative: what came too late for its window. null where nothing counts it. */
  readonly lateRecords: number | null
}

export interface CheckpointsReading {
  readonly inProgress: number
  readonly completed: number
  readonly failed: number
  /** The last one that was completed; null before the first. */
  readonly last: {
    readonly id: number
    readonly triggeredAtMs: number
    readonly completedAtMs: number
    readonly durationMs: number
    readonly bytes: number
  } | null
  readonly lastFailure: { readonly atMs: number; readonly reason: string } | null
}

/** What is known of a job at one moment. Times are epoch ms by the JobManager's clock. */
export interface JobReading {
  readonly jobId: string
  readonly name: string
  readonly state: string
  readonly atMs: number
  readonly startedAtMs: number
  readonly vertices: readonly VertexReading[]
  readonly checkpoints: CheckpointsReading
  /** Times that the job was started again since it was submitted; null where Flink does not say. */
  readonly restarts: number | null
}

export interface JobListed {
  readonly jobId: string
  readonly name: string
  readonly state: string
}

/** States that a job does not come back from. */
const OVER = ['FINISHED', 'CANCELED', 'FAILED']
const NAMES_FOR_MS = 30_000 // metrics of a source are there only after its first fetch

/** All jobs that the JobManager remembers. Rejects with FlinkUnread. */
export async function listJobs(rest: FlinkRest): Promise<JobListed[]> {
  const { jobs } = await rest.get('/jobs/overview', jobsAnswer)
  return jobs.map(({ jid, name, state }) => ({ jobId: jid, name, state }))
}

export const flinkVersion = async (rest: FlinkRest): Promise<string> =>
  (await rest.get('/overview', overviewAnswer))['flink-version']

/** The job that is meant: the one that was asked for, or the only one that is not over. Throws FlinkUnread. */
export function chooseJob(jobs: readonly JobListed[], asked: string | undefined): JobListed {
  const alive = jobs.filter(({ state }) => !OVER.includes(state))
  const shown = alive.map(({ jobId, name }) => `${jobId} (${name})`).join(', ') || 'none'
  if (asked !== undefined) {
    const found = jobs.find(({ jobId }) => jobId === asked)
    if (found !== undefined) return found
    throw new FlinkUnread('flink_unknown_job', `Flink has no job ${asked}; those that run: ${shown}`)
  }
  const [first, second] = alive
  if (first === undefined) throw new FlinkUnread('flink_no_job', 'no job runs on this Flink; submit it first')
  if (second === undefined) return first
  throw new FlinkUnread('flink_several_jobs', `several jobs run; say which by --job: ${shown}`)
}

/**
 * Reads one job again and again. The names of its metrics contain those of its operators, so they are asked for, and
 * remembered for a while. Of what Flink measures only counters and gauges are taken: its meters are averages over
 * five seconds or a minute.
 */
export class JobReader {
  private readonly names = new Map<string, { readonly names: readonly string[]; readonly untilMs: number }>()

  constructor(
    private readonly rest: FlinkRest,
    readonly jobId: string,
  ) {}

  /** Rejects with FlinkUnread. */
  async read(): Promise<JobReading> {
    const path = `/jobs/${this.jobId}`
    const [job, checkpoints, metrics] = await Promise.all([
      this.rest.get(path, jobAnswer),
      this.rest.get(`${path}/checkpoints`, checkpointsAnswer),
      this.rest.get(`${path}/metrics?get=numRestarts`, jobMetricsAnswer),
    ])
    const inner = new Set(job.plan.nodes.filter(({ inputs = [] }) => inputs.length > 0).map(({ id }) => id))
    const vertices = await Promise.all(
      job.vertices.map(async ({ id, name, parallelism, status }) => {
        const known = { id, name, parallelism, status, isSource: !inner.has(id) }
        return { ...known, ...(await this.countersOf(`${path}/vertices/${id}/subtasks/metrics`, job.now)) }
      }),
    )
    return {
      jobId: job.jid,
      name: job.name,
      state: job.state,
      atMs: job.now,
      startedAtMs: job['start-time'],
      vertices,
      checkpoints: checkpointsOf(checkpoints),
      restarts: restartsOf(metrics),
    }
  }

  private async countersOf(path: string, nowMs: number) {
    const names = await this.namesOf(path, nowMs)
    const sums = await this.rest.get(`${path}?get=${names.map(encodeURIComponent).join(',')}&agg=sum`, metricSumsAnswer)
    const values = new Map(sums.map(({ id, sum }) => [id, sum]))
    const value = (name: string) => values.get(name) ?? null
    return {
      recordsIn: value('numRecordsIn'),
      recordsOut: value('numRecordsOut'),
      busyMs: value('accumulateBusyTimeMs'),
      backPressuredMs: value('accumulateBackPressuredTimeMs'),
      idleMs: value('accumulateIdleTimeMs'),
      pendingRecords: sumOf(values, isPending),
      lateRecords: sumOf(values, isLate),
    }
  }

  private async namesOf(path: string, nowMs: number): Promise<readonly string[]> {
    const known = this.names.get(path)
    if (known !== undefined && nowMs < known.untilMs) return known.names
    const all = await this.rest.get(path, metricNamesAnswer)
    const names = [...OF_TASKS, ...all.map(({ id }) => id).filter((id) => isPending(id) || isLate(id))]
    this.names.set(path, { names, untilMs: nowMs + NAMES_FOR_MS })
    return names
  }
}

const OF_TASKS = [
  'numRecordsIn',
  'numRecordsOut',
  'accumulateBusyTimeMs',
  'accumulateBackPressuredTimeMs',
  'accumulateIdleTimeMs',
]

const isPending = (name: string) => name.endsWith('.pendingRecords')
/** Of our own merge, and of Flink's windows. */
const isLate = (name: string) => name.endsWith('.lateEvents') || name.endsWith('.numLateRecordsDropped')

function sumOf(values: ReadonlyMap<string, number | null>, isMeant: (name: string) => boolean): number | null {
  const found = [...values].flatMap(([name, value]) => (isMeant(name) && value !== null ? [value] : []))
  return found.length === 0 ? null : found.reduce((sum, value) => sum + value, 0)
}

function checkpointsOf({ counts, latest }: ReturnType<typeof checkpointsAnswer.parse>): CheckpointsReading {
  const { completed, failed } = latest
  return {
    inProgress: counts.in_progress,
    completed: counts.completed,
    failed: counts.failed,
    last: completed && {
      id: completed.id,
      triggeredAtMs: completed.trigger_timestamp,
      completedAtMs: completed.latest_ack_timestamp,
      durationMs: completed.end_to_end_duration,
      bytes: completed.checkpointed_size,
    },
    lastFailure: failed && {
      atMs: failed.failure_timestamp,
      reason: failed.failure_message ?? 'Flink does not say why',
    },
  }
}

function restartsOf(metrics: ReturnType<typeof jobMetricsAnswer.parse>): number | null {
  const restarts = Number(metrics.find(({ id }) => id === 'numRestarts')?.value)
  return Number.isFinite(restarts) ? restarts : null
}
