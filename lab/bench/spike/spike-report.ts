import { dollars, markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { drawSvg, type Figure, sharedMax } from '../../../scripts/plots/plot'
import type { Plot, Rendering } from '../bench'
import { backlogPanel, delayPanel, ratePanel, ratePanelUnder } from '../run-panels'
import { known, largest, median } from '../statistics'
import {
  BURSTING,
  judgeSpike,
  p99Ratios,
  type Spike,
  type SpikeFigures,
  type SpikeRun,
  spikesOf,
  WAY_TEXT,
  WAYS,
} from './spike-verdict'

export function renderSpike(figures: SpikeFigures): Rendering {
  return { markdown: markdownOf(figures), plots: plotsOf(figures), mustHold: judgeSpike(figures) }
}

function markdownOf(figures: SpikeFigures): string {
  const { capacity, baseShare, lanes, maxInvokes, latencyTargetMs } = figures
  const intro =
    `Base load ${baseShare} x capacity; capacity ${whole(capacity)} events/s, measured once before the runs on an edge node of its own. ` +
    `Each run starts a fresh edge node on the same cloud: ${lanes.shards} shards x ${lanes.parallelization} = ${lanes.shards * lanes.parallelization} lanes, ` +
    `their records pushed to a consumer; by invocation at most ${maxInvokes} calls at a time. Latency target ${whole(latencyTargetMs)} ms. ` +
    'The load is an open loop, refused batches are not overtaken, and each run goes on until everything is drained and every window was computed again. ' +
    'Delays count from the scheduled send until folded at the edge, or until the edge sees the result of the function.'
  const tables = spikesOf(figures).map((spike) => spikeTable(figures, spike))
  return paragraphs('# Spike: bursting against back-pressure', intro, ...tables)
}

function spikeTable(figures: SpikeFigures, { factor, seconds }: Spike): string {
  const runs = figures.runs.filter(({ spike }) => spike.factor === factor)
  const header = [
    'way',
    'pair',
    'p50 ms',
    'p99 ms',
    'max ms',
    'p99 / off',
    'reaction ms',
    'ends after ms',
    'burst',
    'precision',
    'mode changes',
    '$/h',
  ]
  const rows = WAYS.flatMap((way) =>
    runs.filter((run) => run.way === way).map((run) => row(run, p99Ratios(figures, factor, way)[run.pair - 1] ?? null)),
  )
  const middles = BURSTING.map(
    (way) => `${WAY_TEXT[way]} ${percent(median(known(p99Ratios(figures, factor, way))), 2)}`,
  )
  return paragraphs(
    `## ${factor} x capacity for ${seconds} s`,
    markdownTable(header, rows),
    `p99 over that of back-pressure, median of the pairs: ${middles.join(', ')}.`,
  ).trim()
}

function row({ way, pair, report }: SpikeRun, p99Ratio: number | null): string[] {
  const { processingDelayMs, reactionMs, burstAfterReleaseMs, burst, precision, modeChanges, usdPerHour } = report
  return [
    WAY_TEXT[way],
    String(pair),
    ...[processingDelayMs.p50, processingDelayMs.p99, processingDelayMs.max].map(whole),
    way === 'off' ? '-' : percent(p99Ratio, 2),
    ...[reactionMs, burstAfterReleaseMs, burst].map(whole),
    percent(precision),
    whole(modeChanges),
    dollars(usdPerHour),
  ]
}

function plotsOf(figures: SpikeFigures): Plot[] {
  const spikes = spikesOf(figures).map(({ factor, seconds }) => ({
    name: `${factor}x`,
    svg: drawSvg(spikeFigure(figures, { factor, seconds })),
  }))
  return [...spikes, { name: 'hover', svg: drawSvg(hoverFigure(figures)) }]
}

/** The first pair, side by side on the same axes. */
export function spikeFigure(figures: SpikeFigures, { factor, seconds }: Spike): Figure {
  const first = WAYS.flatMap((way) =>
    figures.runs.filter((run) => run.spike.factor === factor && run.way === way).slice(0, 1),
  )
  const rows = [
    first.map(({ way, series }) => ratePanel(WAY_TEXT[way], series)),
    first.map(({ series }) => backlogPanel('waiting at the edge', series)),
    first.map(({ series }) => delayPanel('queue delay at the edge (logarithmic)', series)),
  ].map((panels) => panels.map((panel) => ({ ...panel, yMax: sharedMax(panels) })))
  return {
    title: `A spike of ${factor} times the capacity for ${seconds} s`,
    subtitle: 'first pair of runs; same load, same axes',
    x: 'time (s)',
    xMax: largestSecond(first),
    panels: rows.flat(),
    columns: Math.max(1, first.length),
  }
}

const largestSecond = (runs: readonly SpikeRun[]) =>
  Math.ceil((largest(runs.map(({ series }) => series.seconds.at(-1) ?? 0)) ?? 0) / 10) * 10

function hoverFigure({ hover, capacity }: SpikeFigures): Figure {
  const { series } = hover
  const end = series.seconds.at(-1) ?? 0
  return {
    title: 'A load that hovers at 95 to 105 % of the capacity',
    subtitle: `over Kinesis; ${hover.report.modeChanges} changes of mode`,
    x: 'time (s)',
    xMax: Math.ceil(end),
    panels: [ratePanelUnder(capacity, 'rates', series), delayPanel('queue delay at the edge (logarithmic)', series)],
    columns: 1,
  }
}
