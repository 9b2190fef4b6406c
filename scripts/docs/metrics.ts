import { METRIC_TOPICS } from '../../edge-node/metrics'
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

/** The reference of all metrics. */
export function metricsPage(): string {
  const topics = Object.entries(METRIC_TOPICS).map(([topic, metrics]) => {
    const rows = metrics.map(({ name, kind, help }) => [
      code(name),
      kind,
      (LABELS[name] ?? []).map(code).join(', '),
      help,
    ])
    return `## ${topic}\n\n${table(['metric', 'kind', 'labels', 'what it says'], rows)}`
  })
  return page('# Metrics', INTRODUCTION, ...topics)
}

const INTRODUCTION = `${code('GET /metrics')} serves these in the text format of Prometheus, and those of the process by their usual names
(${code('process_...')}, ${code('nodejs_...')}). Times are seconds, sizes bytes, money US dollars. Histograms have fixed buckets, so those of several nodes
add up. [monitoring/](../../monitoring/README.md) has a Grafana dashboard and alert rules over them.`
