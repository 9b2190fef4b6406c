import { BURST_METRICS } from '../../edge-node/http/metrics/bursting'
import { PACE_METRICS } from '../../edge-node/http/metrics/events'
import { by, counter, gauge, type Metric, type Reading } from '../../edge-node/http/metrics/family'
import { BUILD_INFO } from '../../edge-node/http/metrics/machine'
import type { ObservedDecisions } from '../../edge-node/http/metrics/observed'
import { COST_METRICS } from '../../edge-node/http/metrics/spending'
import type { JobOverview, SidecarShown } from '../../edge-node/observe/feed'
import type { JobStatus } from './job-status'

/** What all metrics of one scrape of a job's controller are read from. */
export interface ObservedJob extends Omit<ObservedDecisions, 'status'> {
  readonly status: JobStatus
  readonly nowMs: number
}

/** What only a job has. */
export const JOB_METRICS: readonly Metric<ObservedJob>[] = [
  gauge('spillway_job_known', "1 while Flink's REST API tells how the job is.", ({ status: { job } }) =>
    job.problem === null ? 1 : 0,
  ),
  gauge('spillway_job_running', '1 while the job runs.', ({ status: { job } }) => (job.state === 'RUNNING' ? 1 : 0)),
  gauge('spillway_job_parallelism', 'Subtasks of its widest vertex.', ofJob('parallelism')),
  gauge('spillway_job_lag_records', 'Records that wait before the job.', ofJob('lagRecords')),
  gauge(
    'spillway_job_lag_seconds',
    'How long until a record that comes now is read, at the rate of now. Absent while nothing is read.',
    ofJob('lagSeconds'),
  ),
  gauge(
    'spillway_job_arrived_records_per_second',
    'Records that come into what the job reads from.',
    ofJob('arrivedPerSecond'),
  ),
  gauge('spillway_job_read_records_per_second', 'Records that the job reads.', ofJob('readPerSecond')),
  counter('spillway_job_restarts_total', 'Times that Flink started the job again.', ofJob('restarts')),
  counter('spillway_job_checkpoints_total', 'Checkpoints by what became of them.', ({ status: { job } }) =>
    by('outcome', { completed: job.checkpoints.completed, failed: job.checkpoints.failed }),
  ),
  gauge('spillway_job_checkpoint_seconds', 'How long the last one took.', ({ status: { job } }) =>
    seconds(job.checkpoints.lastDurationMs),
  ),
  gauge('spillway_job_checkpoint_bytes', 'Size of the last one.', ({ status: { job } }) => job.checkpoints.lastBytes),
  gauge('spillway_job_checkpoint_age_seconds', 'Time since the last one.', ({ status: { job }, nowMs }) =>
    job.checkpoints.lastAtMs === null ? null : Math.max(0, nowMs - job.checkpoints.lastAtMs) / 1000,
  ),
  counter(
    'spillway_job_late_events_total',
    'Events that came too late for their window.',
    ({ status }) => status.events.late,
  ),
  gauge(
    'spillway_sidecar_heard',
    '1 while the sidecar answers.',
    ofSidecars(({ hearing }) => (hearing === 'heard' ? 1 : 0)),
  ),
  gauge(
    'spillway_sidecar_bursting',
    '1 while its valve is armed.',
    ofSidecars(({ now }) => (now === null ? null : now.bursting ? 1 : 0)),
  ),
  gauge(
    'spillway_sidecar_backlog_events',
    'Events that wait in it.',
    ofSidecars(({ now }) => now?.backlogEvents),
  ),
  gauge(
    'spillway_sidecar_in_flight_events',
    'Events that it has in the cloud.',
    ofSidecars(({ now }) => now?.inFlightEvents),
  ),
  gauge(
    'spillway_sidecar_lanes',
    'Functions that it may have at work side by side.',
    ofSidecars(({ now }) => now?.lanes),
  ),
  gauge(
    'spillway_sidecar_spend_limit_dollars_per_hour',
    'US dollars that it may spend within an hour.',
    ofSidecars(({ now }) => now?.maxUsdPerHour),
  ),
  gauge(
    'spillway_sidecar_orders_age_seconds',
    'Time since its last orders; absent before any.',
    ofSidecars(({ now }) => seconds(now?.ordersAgoMs ?? null)),
  ),
]

const DECISION_METRICS: readonly Metric<ObservedJob>[] = [
  counter('spillway_events_accepted_total', 'Events that sidecars took.', ({ status }) => status.events.accepted),
  counter(
    'spillway_events_total',
    'Events by what became of them: folded at the edge, folded in the burst, dead-lettered, or late.',
    ({ status: { events } }) =>
      by('outcome', {
        ...{ edge: events.edge, burst: events.burst, dead_letter: events.deadLettered, late: events.late },
      }),
  ),
  ...PACE_METRICS,
  ...BURST_METRICS,
  ...COST_METRICS,
  BUILD_INFO,
]

/** All that a scrape of a job's controller has: what a node has too, by the same names, and what only a job has. */
export const ALL_JOB_METRICS: readonly Metric<ObservedJob>[] = [...DECISION_METRICS, ...JOB_METRICS]

type NumberOf<Part> = { [Name in keyof Part]: Part[Name] extends number | null ? Name : never }[keyof Part]

function ofJob(name: NumberOf<JobOverview>) {
  return ({ status: { job } }: ObservedJob) => job[name]
}

function ofSidecars(read: (sidecar: SidecarShown) => number | null | undefined) {
  return ({ status: { job } }: ObservedJob): readonly Reading[] =>
    job.sidecars.flatMap((sidecar) => {
      const value = read(sidecar)
      return value === null || value === undefined ? [] : [{ labels: { sidecar: sidecar.name }, value }]
    })
}

const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
