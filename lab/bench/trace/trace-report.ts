import { dollars, markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import type { Slice } from '../../../scripts/load/schedule/trace-slice'
import { drawSvg, type Figure } from '../../../scripts/plots/plot'
import type { Series } from '../../../scripts/plots/series'
import type { Rendering } from '../bench'
import { backlogPanel, delayPanel, ratePanelUnder } from '../run-panels'
import type { TrialReport } from '../stage'
import type { Prediction } from './predicted'

/** How a trace is replayed. */
export interface Replay {
  readonly slice: Slice
  readonly speedup: number
  /** Mean rate over the capacity. */
  readonly meanShare: number
}

export interface TraceRun extends Replay {
  /** Name of the file without folder and ending. */
  readonly trace: string
  /** Length of the slice in seconds of its own time, and its fullest bin over the capacity. */
  readonly sliceSeconds: number
  readonly peakShare: number
  readonly report: TrialReport
  readonly series: Series
  /** null where there is no simulator. */
  readonly predicted: Prediction | null
}

export interface TraceFigures {
  readonly capacity: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly runs: readonly TraceRun[]
}

/** The trace that a good controller hardly bursts on. */
export const CALM_TRACE = 'nyc-taxi'

const LEAST_PRECISION = 85
const MOST_CALM_BURST = 1

export function renderTrace(figures: TraceFigures): Rendering {
  const { runs, capacity } = figures
  return {
    markdown: markdownOf(figures),
    plots: runs.map((run) => ({ name: run.trace, svg: drawSvg(traceFigure(run, capacity)) })),
    mustHold: judgeTrace(figures),
  }
}

/**
 * Precision is promised of a trace at its own speed: sped up, an envelope holds more of a spike than the policy can
 * see.
 */
export function judgeTrace({ runs }: Pick<TraceFigures, 'runs'>): MustHold[] {
  const wrong = runs.reduce((sum, { report: { missing, extra, mismatched } }) => sum + missing + extra + mismatched, 0)
  return [
    ...runs.flatMap(judgeRun),
    mustHold('windows missing, extra or mismatched, all runs', wrong, 'equal to', 0, ''),
    mustHold(
      'runs whose counts do not balance',
      runs.filter(({ report }) => !report.balanced).length,
      'equal to',
      0,
      '',
    ),
  ]
}

function judgeRun({ trace, speedup, report, predicted }: TraceRun): MustHold[] {
  const { accepted, burst, precision, processingDelayMs } = report
  const promises: MustHold[] = []
  if (trace === CALM_TRACE) {
    promises.push(mustHold(`${trace}: burst`, (100 * burst) / Math.max(1, accepted), 'at most', MOST_CALM_BURST, '%'))
  } else if (speedup === 1) {
    const measured = precision === null ? null : 100 * precision
    promises.push(mustHold(`${trace}: precision at its own speed`, measured, 'at least', LEAST_PRECISION, '%'))
  }
  if (predicted !== null && speedup === 1 && trace !== CALM_TRACE) {
    const off = (simulated: number, live: number) => (live > 0 ? (100 * Math.abs(simulated - live)) / live : null)
    const p99 = off(predicted.processingDelayMs.p99, processingDelayMs.p99)
    promises.push(
      mustHold(`${trace}: simulated p99 differs from the live one by`, p99, 'at most', 20, '%'),
      mustHold(
        `${trace}: simulated burst differs from the live one by`,
        off(predicted.burst, burst),
        'at most',
        20,
        '%',
      ),
    )
  }
  return promises
}

function markdownOf({ capacity, lanes, runs }: TraceFigures): string {
  const header = [
    'trace',
    'speed-up',
    'peak / capacity',
    'events',
    'p50 ms',
    'p99 ms',
    'max ms',
    'over target',
    'burst',
    'least overflow',
    'precision',
    'mode changes',
    'flaps',
    '$/h',
  ]
  return paragraphs(
    '# Traces: recorded rates, replayed',
    `Capacity ${whole(capacity)} events/s, measured once; ${lanes.shards} shards x ${lanes.parallelization} lanes; each trace scaled to a mean share of the capacity, ` +
      'over Kinesis. Precision: the least that any policy would have had to burst for the latency target (arrivals in bins of 100 ms), over what was burst.',
    markdownTable(header, runs.map(row)),
    simulated(runs),
  )
}

function row({ trace, speedup, peakShare, report }: TraceRun): string[] {
  const { processingDelayMs, accepted, burst, overTarget, leastOverflow, precision, modeChanges, flaps, usdPerHour } =
    report
  return [
    trace,
    speedup.toLocaleString('en-US', { maximumFractionDigits: 1 }),
    peakShare.toFixed(1),
    whole(accepted),
    ...[processingDelayMs.p50, processingDelayMs.p99, processingDelayMs.max].map(whole),
    percent(overTarget),
    `${whole(burst)} (${percent(burst / Math.max(1, accepted))})`,
    whole(leastOverflow),
    percent(precision),
    whole(modeChanges),
    whole(flaps),
    dollars(usdPerHour),
  ]
}

function simulated(runs: readonly TraceRun[]): string {
  const rows = runs.flatMap(({ trace, report, predicted }) =>
    predicted === null
      ? []
      : [
          [
            `${trace}, live`,
            whole(report.processingDelayMs.p50),
            whole(report.processingDelayMs.p99),
            percent(report.overTarget),
            whole(report.burst),
            percent(report.precision),
          ],
          [
            `${trace}, simulated`,
            whole(predicted.processingDelayMs.p50),
            whole(predicted.processingDelayMs.p99),
            percent(predicted.overTarget),
            whole(predicted.burst),
            percent(predicted.precision),
          ],
        ],
  )
  if (rows.length === 0) return ''
  const table = markdownTable(['run', 'p50 ms', 'p99 ms', 'over target', 'burst', 'precision'], rows)
  return paragraphs('## The simulator on the same load', table).trim()
}

export function traceFigure({ trace, speedup, series, report }: TraceRun, capacity: number): Figure {
  const end = series.seconds.at(-1) ?? 0
  return {
    title: `${trace}, ${speedup === 1 ? 'at its own speed' : `${speedup.toFixed(1)} times as fast`}`,
    subtitle: `p99 ${whole(report.processingDelayMs.p99)} ms, ${percent(report.burst / Math.max(1, report.accepted))} burst, precision ${percent(report.precision)}`,
    x: 'time (s)',
    xMax: Math.ceil(end),
    panels: [
      ratePanelUnder(capacity, 'rates', series),
      backlogPanel('waiting at the edge', series),
      delayPanel('queue delay at the edge (logarithmic)', series),
    ],
    columns: 1,
  }
}
