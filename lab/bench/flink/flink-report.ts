import { dollars, markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import { COLOURS, drawSvg, type Figure, sharedMax } from '../../../scripts/plots/plot'
import type { Rendering } from '../bench'
import { type ByPart, PARTS, type Part } from '../process-times'
import type { FlinkFigures, FlinkSpikeRun, HotRun } from './flink-figures'

const MOST_OF_BACK_PRESSURE = 5 // percent
const MOST_LAG_AFTER_MS = 5_000

export function renderFlink(figures: FlinkFigures): Rendering {
  const plots = figures.runs.length === 0 ? [] : [{ name: 'lag', svg: drawSvg(lagFigure(figures)) }]
  return { markdown: markdownOf(figures), plots, mustHold: judgeFlink(figures) }
}

export function judgeFlink({ runs }: Pick<FlinkFigures, 'runs'>): MustHold[] {
  if (runs.length === 0) return []
  const [off, on] = [runOf(runs, 'flink, back-pressure'), runOf(runs, 'flink, burst')]
  const [slow, fast] = [off?.processingDelayMs?.p99, on?.processingDelayMs?.p99]
  const share = slow === undefined || fast === undefined || slow === 0 ? null : (100 * fast) / slow
  const what = 'p99 processing delay with burst over that of back-pressure, on Flink'
  const goneMs = on?.lagGoneAfterMs ?? null
  return [
    mustHold(what, share, 'at most', MOST_OF_BACK_PRESSURE, '%'),
    mustHold('lag is gone after the end of the spike, on Flink with burst', goneMs, 'at most', MOST_LAG_AFTER_MS, 'ms'),
    mustHold('runs with a window that is not exact', runs.filter(({ isExact }) => !isExact).length, 'equal to', 0, ''),
  ]
}

const runOf = (runs: readonly FlinkSpikeRun[], way: FlinkSpikeRun['way']) => runs.find((run) => run.way === way)

function markdownOf(figures: FlinkFigures): string {
  const { runs, hot } = figures
  return paragraphs(
    '# Flink: back-pressure, burst, the edge node, and a plain job',
    ...(runs.length === 0 ? [] : spikePart(figures)),
    ...(hot.length === 0 ? [] : hotPart(figures)),
    '## Where Flink is better',
    flinkIsBetter(figures),
  )
}

function spikePart({ runs, capacity, rate, peak, seconds, spikeSeconds }: FlinkFigures): string[] {
  return [
    '## A spike that does not fit',
    `One schedule for all: ${whole(seconds)} s of \`bids\` at ${whole(rate)} events/s with a spike of ${whole(peak)} for ${whole(spikeSeconds)} s, ${(peak / capacity).toFixed(1)} times what one sidecar or edge node folds (${whole(capacity)}: its \`map\` waits for a simulated service). ` +
      'Kafka, Flink, the embedded cloud with all functions, load and check are all on this machine. ' +
      'Processing delay: from the time at which an event was due to be sent until it was folded, at the edge or in the burst. On Flink that time is the one in the event, and the sidecar measures; the edge node counts from the schedule that the load tells it, for a batch from its first event on, as `spillway start` does. ' +
      'A window is read after its end by its lateness and out-of-orderness (7 s together) and, on Flink, the next checkpoint. Every window was computed again, independently.',
    markdownTable(SPIKE_HEADER, runs.map(spikeRow)),
    'Processor time from the beginning of the load until all of it was folded, in microseconds an event. The cloud is the embedded one with all functions: on AWS it is not on your machine. Load and check are left out of the sum.',
    cpuTable(
      runs.map(({ way, accepted, cpuMs }) => ({ name: way, events: accepted, cpuMs })),
      'way',
    ),
  ]
}

const SPIKE_HEADER = [
  'way',
  'p50 ms',
  'p99 ms',
  'max ms',
  'burst',
  'most lag ms',
  'lag gone after the spike, ms',
  'window read, p50 ms',
  'max ms',
  'cloud $',
]

function spikeRow(run: FlinkSpikeRun): string[] {
  const { way, processingDelayMs: delay, accepted, burst, maxLagMs, lagGoneAfterMs, windowReadAfterMs, usd } = run
  return [
    way,
    ...[delay?.p50, delay?.p99, delay?.max].map((ms) => whole(ms ?? null)),
    percent(burst / Math.max(1, accepted)),
    whole(maxLagMs),
    whole(lagGoneAfterMs),
    whole(windowReadAfterMs.p50),
    whole(windowReadAfterMs.max),
    dollars(usd, 5),
  ]
}

function hotPart({ hot, hotRate }: FlinkFigures): string[] {
  return [
    '## Work that is too cheap to burst',
    `The pipeline \`hot\` (count, sum and maximum for each of 1,000 auctions and 10 s; no \`map\`), ${whole(hotRate)} events/s, after a time to warm up. ` +
      'Plain Flink: a DataStream job in Java (`flink/plain/`), Kafka source, Jackson, event-time window, exactly-once Kafka sink, parallelism 2; it ran after ours on the same cluster, with what that had compiled. Microseconds of processor time an event; a JobManager works by the clock rather than by the event. The edge node takes its events over HTTP and keeps a log of its own, so it has no broker.',
    cpuTable(
      hot.map(({ system, events, cpuMs }) => ({ name: system, events, cpuMs })),
      'system',
    ),
  ]
}

interface CpuRow {
  readonly name: string
  readonly events: number
  readonly cpuMs: ByPart | null
}

const SHOWN: readonly Part[] = PARTS.filter((part) => part !== 'load')

function cpuTable(rows: readonly CpuRow[], first: string): string {
  const header = [first, ...SHOWN, 'all of them', 'events per CPU-second']
  return markdownTable(
    header,
    rows.map(({ name, events, cpuMs }) => {
      if (cpuMs === null) return [name, ...header.slice(1).map(() => '-')]
      const each = SHOWN.map((part) => usPerEvent(cpuMs[part], events))
      const all = usPerEvent(systemMs(cpuMs), events)
      return [name, ...each.map(us), us(all), whole(all > 0 ? 1e6 / all : null)]
    }),
  )
}

const us = (value: number) => (value === 0 ? '-' : value.toFixed(value < 100 ? 2 : 0))

const usPerEvent = (ms: number, events: number) => (ms * 1000) / Math.max(1, events)

const systemMs = (cpuMs: ByPart) => SHOWN.reduce((sum, part) => sum + cpuMs[part], 0)

/** Says it with the figures, whichever way they go. */
function flinkIsBetter({ hot, runs }: FlinkFigures): string {
  const told = [...cheapWork(hot), ...windows(runs)]
  const always = [
    '- **More than one machine.** Flink spreads partitions, keys and state over many; the edge node is one process.',
    '- **Connectors, SQL, joins, state of any shape.** Spillway has keyed windows of mergeable aggregates.',
  ]
  return [...told, ...always].join('\n')
}

function cheapWork(hot: readonly HotRun[]): string[] {
  const of = (system: HotRun['system']) => {
    const run = hot.find((each) => each.system === system)
    return run?.cpuMs == null ? null : usPerEvent(systemMs(run.cpuMs), run.events)
  }
  const [plain, ours, edge] = [of('plain Flink'), of('Flink with the sidecar'), of('edge node')]
  if (plain === null || ours === null) return []
  if (plain >= ours) return []
  const times = (value: number) => `${(value / plain).toFixed(1)} times that`
  const beside = edge === null ? '' : `, the edge node ${us(edge)} us (${times(edge)})`
  return [
    `- **Cheap work.** Plain Flink takes ${us(plain)} us of processor time an event, our job with its sidecar ${us(ours)} us (${times(ours)})${beside}: each event goes over a socket and is parsed in Node. Where no event costs more than that, use plain Flink.`,
  ]
}

function windows(runs: readonly FlinkSpikeRun[]): string[] {
  const [flink, edge] = [runOf(runs, 'flink, burst'), runOf(runs, 'edge node, burst')]
  if (flink === undefined || edge === undefined) return []
  const [ours, theirs] = [edge.windowReadAfterMs.p50, flink.windowReadAfterMs.p50]
  if (theirs >= ours) return []
  return [`- **Windows.** Read ${whole(theirs)} ms after their end at the median, ${whole(ours)} ms on the edge node.`]
}

/** Logarithmic: what a burst leaves is a hundredth of what back-pressure piles up. */
export function lagFigure({ runs, capacity, peak, spikeSeconds }: FlinkFigures): Figure {
  const panels = runs.map(({ way, lag, processingDelayMs: delay }) => ({
    title: `${way}: p99 ${whole(delay?.p99 ?? null)} ms`,
    y: 'lag, ms',
    isLog: true,
    lines: [{ name: 'lag', colour: COLOURS.delay, points: lag }],
  }))
  const seconds = runs.flatMap(({ lag }) => lag.map(([second]) => second))
  return {
    title: 'For how long the oldest event has been due',
    subtitle: `a spike of ${whole(peak)} events/s for ${whole(spikeSeconds)} s, where ${whole(capacity)} fit`,
    x: 'time since the load began (s)',
    xMax: Math.ceil(seconds.reduce((most, second) => Math.max(most, second), 1)),
    panels: panels.map((panel) => ({ ...panel, yMax: sharedMax(panels) })),
    columns: 1,
  }
}
