import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import type { Series } from '../../../scripts/plots/series'
import type { TrialReport } from '../stage'
import { known, largest, median, ratio } from '../statistics'

export const WAYS = ['off', 'kinesis', 'invoke'] as const

/** How a spike is met: not at all (back-pressure), or by bursting over one of the transports. */
export type Way = (typeof WAYS)[number]

/** So many times the capacity, for so long. */
export interface Spike {
  readonly factor: number
  readonly seconds: number
}

export interface SpikeRun {
  readonly spike: Spike
  /** Counts from 1; the runs of a pair follow one another. */
  readonly pair: number
  readonly way: Way
  readonly report: TrialReport
  readonly series: Series
}

export interface SpikeFigures {
  /** Measured once before the runs, in events per second. */
  readonly capacity: number
  readonly baseShare: number
  readonly latencyTargetMs: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly maxInvokes: number
  readonly runs: readonly SpikeRun[]
  /** A load that swings about the capacity, over Kinesis. */
  readonly hover: { readonly report: TrialReport; readonly series: Series; readonly mostChangesIn10s: number }
}

export const BURSTING = ['kinesis', 'invoke'] as const

export const WAY_TEXT: Readonly<Record<Way, string>> = {
  off: 'back-pressure',
  kinesis: 'burst over Kinesis',
  invoke: 'burst by invocation',
}

const PROMISED_FROM_S = 10 // the length of the shorter spike that is promised to be met
const MOST_SHARE: Readonly<Record<Exclude<Way, 'off'>, number>> = { kinesis: 5, invoke: 1 }

/** The spikes that were run, each once. */
export const spikesOf = ({ runs }: SpikeFigures): Spike[] =>
  runs
    .map(({ spike }) => spike)
    .filter((spike, index, all) => all.findIndex(({ factor }) => factor === spike.factor) === index)

/** p99 with bursting over p99 without it, pair by pair. */
export function p99Ratios({ runs }: Pick<SpikeFigures, 'runs'>, factor: number, way: Way): (number | null)[] {
  const ofSpike = runs.filter(({ spike }) => spike.factor === factor)
  const offs = ofSpike.filter((run) => run.way === 'off')
  return offs.map(({ pair, report: off }) => {
    const on = ofSpike.find((run) => run.pair === pair && run.way === way)
    return on === undefined ? null : ratio(on.report.processingDelayMs.p99, off.processingDelayMs.p99)
  })
}

/** What has to hold of the spikes: the middle of the ratios, and the worst of the times. */
export function judgeSpike(figures: SpikeFigures): MustHold[] {
  const { runs, hover } = figures
  const reports = [...runs.map(({ report }) => report), hover.report]
  const wrong = reports.reduce((sum, { missing, extra, mismatched }) => sum + missing + extra + mismatched, 0)
  const unbalanced = reports.filter(({ balanced }) => !balanced).length
  return [
    ...spikesOf(figures).flatMap(({ factor, seconds }) =>
      BURSTING.flatMap((way) => judgeWay(figures, { factor, seconds }, way)),
    ),
    mustHold(
      'hovering at 95 to 105 % of the capacity: most changes of mode in 10 s',
      hover.mostChangesIn10s,
      'at most',
      1,
      '',
    ),
    mustHold('windows missing, extra or mismatched, all runs', wrong, 'equal to', 0, ''),
    mustHold('runs whose counts do not balance', unbalanced, 'equal to', 0, ''),
  ]
}

function judgeWay(figures: SpikeFigures, { factor, seconds }: Spike, way: (typeof BURSTING)[number]): MustHold[] {
  const name = `${factor} x, ${WAY_TEXT[way]}`
  const middle = median(known(p99Ratios(figures, factor, way)))
  const runs = figures.runs.filter((run) => run.spike.factor === factor && run.way === way)
  const worst = (value: (run: SpikeRun) => number | null) => {
    const values = runs.map(value)
    return values.includes(null) ? null : largest(known(values))
  }
  const p99Share = middle === null ? null : middle * 100
  const p99 = `${name}: p99 over that of back-pressure (median of the pairs)`
  return [
    // A shorter one leaves back-pressure too little to be a hundredth of.
    ...(seconds >= PROMISED_FROM_S ? [mustHold(p99, p99Share, 'at most', MOST_SHARE[way], '%')] : []),
    mustHold(
      `${name}: reaction (worst)`,
      worst(({ report }) => report.reactionMs),
      'at most',
      250,
      'ms',
    ),
    mustHold(
      `${name}: burst goes on after the queue delay stays under its limit (worst)`,
      worst(({ report }) => report.burstAfterReleaseMs),
      'at most',
      1000,
      'ms',
    ),
  ]
}
