import type { Labelled, Metric, Reading } from './family'

/** Metrics as text in the format of Prometheus, version 0.0.4. */
export function exposition<Source>(metrics: readonly Metric<Source>[], source: Source): string {
  return metrics.map((metric) => familyText(metric, source)).join('\n')
}

function familyText<Source>(metric: Metric<Source>, source: Source): string {
  const { name, help, kind } = metric
  const lines = [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`]
  const readings =
    metric.kind === 'histogram'
      ? metric.read(source).flatMap(bucketReadings)
      : metric.read(source).map((reading) => ['', reading] as const)
  for (const [suffix, { labels, value }] of readings)
    lines.push(`${name}${suffix}${labelsText(labels)} ${valueText(value)}`)
  return `${lines.join('\n')}\n`
}

function bucketReadings({ labels, counts }: Labelled): (readonly [suffix: string, reading: Reading])[] {
  const { bounds, upTo, count, sum } = counts
  const buckets = bounds.map((bound, index) => ({ labels: { ...labels, le: String(bound) }, value: upTo[index]! }))
  return [
    ...[...buckets, { labels: { ...labels, le: '+Inf' }, value: count }].map(
      (reading) => ['_bucket', reading] as const,
    ),
    ['_sum', { labels, value: sum }],
    ['_count', { labels, value: count }],
  ]
}

function labelsText(labels: Reading['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

const valueText = (value: number) => String(value).replace('Infinity', 'Inf')
