import type { Metric } from '../../edge-node/http/metrics/family'
import { METRIC_TOPICS, METRICS } from '../../edge-node/http/metrics/metrics'
import { ALL_JOB_METRICS, JOB_METRICS } from '../../flink/controller/job-metrics'
import { code, page, table } from './markdown'

/** Labels of the metrics that have some; a test compares them with a scrape. */
export const LABELS: Readonly<Record<string, readonly string[]>> = {
  spillway_events_total: ['outcome'],
  spillway_http_requests_total: ['route', 'method', 'status'],
  spillway_windows: ['state'],
  spillway_mode: ['mode'],
  spillway_cloud: ['state'],
  spillway_burst_part_seconds: ['part'],
  spillway_build_info: ['version', 'pipeline', 'pipeline_version'],
}

/** The same of the controller of a Flink job. */
export const JOB_LABELS: Readonly<Record<string, readonly string[]>> = {
  spillway_events_total: ['outcome'],
  spillway_mode: ['mode'],
  spillway_cloud: ['state'],
  spillway_build_info: ['version', 'pipeline', 'pipeline_version'],
  spillway_job_checkpoints_total: ['outcome'],
  spillway_sidecar_heard: ['sidecar'],
  spillway_sidecar_bursting: ['sidecar'],
  spillway_sidecar_backlog_events: ['sidecar'],
  spillway_sidecar_in_flight_events: ['sidecar'],
  spillway_sidecar_lanes: ['sidecar'],
  spillway_sidecar_spend_limit_dollars_per_hour: ['sidecar'],
  spillway_sidecar_orders_age_seconds: ['sidecar'],
}

/** The reference of all metrics. */
export function metricsPage(): string {
  const topics = Object.entries(METRIC_TOPICS).map(([topic, metrics]) => section(topic, metrics, LABELS))
  return page(
    '# Metrics',
    INTRODUCTION,
    ...topics,
    `${section('Of a Flink job', JOB_METRICS, JOB_LABELS)}\n\n${SHARED}`,
  )
}

function section(
  topic: string,
  metrics: readonly Pick<Metric<never>, 'name' | 'kind' | 'help'>[],
  labels: typeof LABELS,
): string {
  const rows = metrics.map(({ name, kind, help }) => [
    code(name),
    kind,
    (labels[name] ?? []).map(code).join(', '),
    help,
  ])
  return `## ${topic}\n\n${table(['metric', 'kind', 'labels', 'what it says'], rows)}`
}

const OF_NODES = new Set(METRICS.map(({ name }) => name))
/** What a job has by the names of a node. */
const SHARED = `The controller of a job has these as well, summed up over its sidecars: ${ALL_JOB_METRICS.map(
  ({ name }) => name,
)
  .filter((name) => OF_NODES.has(name))
  .map(code)
  .join(', ')}.`

const INTRODUCTION = `${code('GET /metrics')} serves these in the text format of Prometheus, and those of the process by their usual names
(${code('process_...')}, ${code('nodejs_...')}). Times are seconds, sizes bytes, money US dollars. Histograms have fixed buckets, so those of several nodes
add up. [monitoring/](../../monitoring/README.md) has a Grafana dashboard and alert rules over them.`
