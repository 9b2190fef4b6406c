import type { Usage } from '../../core/control/cost'
import { leastOverflow } from '../../core/control/least-overflow'
import type { Profile } from '../load/schedule/profile'
import type { Schedule } from '../load/schedule/schedule'
import { arrivalsPerBin, BIN_MS } from '../start/arrivals'
import { precisionOf } from '../start/burst-figures'
import { type Comparison, compareWindows } from '../verify/compare'
import type { Expectation } from '../verify/expected'
import type { ServedWindow } from '../verify/served'
import { type Letters, lettersIn } from './letters'
import type { FlinkRunOptions } from './options'
import { atRest, type FlinkSample, lagGoneAfterMs, NO_LAG_MS } from './samples'
import type { Watched } from './watch'

/** A window as it was read from the results topic, how often, and when. */
export interface ReadWindow {
  readonly window: ServedWindow
  readonly times: number
  readonly readAtMs: number
}

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * What a run came to, with the names of the report of `spillway start` where it is the same thing. Counts are events unless
 * the name says otherwise; times are ms.
 */
export interface FlinkReport {
  readonly pipeline: string
  readonly mode: string
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  /** Sent and in none of the windows that were read. */
  readonly late: number
  readonly windows: number
  readonly windowsWithBurst: number
  readonly missing: number
  readonly extra: number
  readonly mismatched: number
  /** Windows that stand more than once among the committed results. */
  readonly repeated: number
  /** Letters in the topic of dead letters: one for each dead event, and none else of a load of this kind. */
  readonly letters: number
  /** Letters that stand there more than once. */
  readonly lettersRepeated: number
  readonly balanced: boolean
  /**
   * From the time at which an event was due until it was folded, at the edge or in the burst, of the events that
   * `events` counts: a sidecar that was killed takes its own with it. Null when none answers.
   */
  readonly processingDelayMs: (Percentiles & { readonly events: number }) | null
  /** From the end of a window until it could be read with read_committed; the allowed lateness is a part of it. */
  readonly windowReadAfterMs: Percentiles
  /** From closable by the watermark until it could be read. */
  readonly windowLatencyMs: Percentiles
  /** From the scheduled start of the spike until the first envelope went to a function; null without a burst. */
  readonly reactionMs: number | null
  readonly envelopes: number
  /** Envelopes that the cloud did not finish, folded at the edge. */
  readonly reclaims: number
  readonly cloud: (Usage & { readonly usd: number }) | null
  /** What the cloud of this run would cost if it went on like this for an hour. */
  readonly usdPerHour: number
  readonly load: { readonly events: number; readonly seconds: number; readonly profile: Profile }
  /** Events per second that the sidecar folds, as it was told, and events that were due above that, second by second. */
  readonly capacity: number
  readonly aboveCapacity: number
  /** The least that any policy would have had to burst to stay within the target, and that over what was burst. */
  readonly leastOverflow: number
  readonly precision: number | null
  readonly latencyTargetMs: number
  /** When the load began (epoch), and the spike from there. */
  readonly startMs: number
  readonly spikeStartMs: number
  readonly spikeEndMs: number
  /**
   * From the end of the spike until no event had waited for more than a second, for good; null when that was never seen:
   * a sidecar that is killed takes its latest counts with it.
   */
  readonly lagGoneAfterMs: number | null
  readonly maxLagMs: number
  /** Calls of functions from 5 s after that until the end, which have to be none; null when nobody can say. */
  readonly invocationsAtRest: number | null
  /** Events that were folded in the burst in that time. */
  readonly burstAtRest: number | null
  readonly series: readonly FlinkSample[]
}

/** What a run left behind. */
export interface Evidence {
  readonly options: Pick<FlinkRunOptions, 'mode' | 'capacity' | 'rate' | 'peak' | 'spikeSeconds' | 'seconds'>
  readonly pipeline: string
  readonly schedule: Schedule
  readonly expected: Expectation
  /** How long past its end the watermark lets a window close, by the clock of events that come in time. */
  readonly closableAfterMs: number
  readonly read: readonly ReadWindow[]
  readonly letters: Letters
  readonly watched: Watched
}

/** The check: what the results topic has against an independent computation over all that was sent. */
export function flinkReport(evidence: Evidence): { readonly report: FlinkReport; readonly comparison: Comparison } {
  const { options, pipeline, schedule, expected, closableAfterMs, read, letters, watched } = evidence
  const comparison = compareWindows(
    expected.windows,
    read.map(({ window }) => window),
  )
  const report = {
    pipeline,
    mode: options.mode,
    ...windowFigures(expected, closableAfterMs, read, comparison, lettersIn(letters)),
    ...cloudFigures(watched, schedule, options.seconds),
    ...lagFigures(watched, schedule),
    processingDelayMs: watched.facts?.eventDelayMs ?? null,
    load: { events: schedule.total, seconds: options.seconds, profile: profileOf(options) },
    capacity: options.capacity,
    ...overflowFigures(schedule, options.capacity),
    series: watched.series,
  }
  return { report: { ...report, precision: precisionOf(report.leastOverflow, report.burst) }, comparison }
}

function windowFigures(
  expected: Expectation,
  closableAfterMs: number,
  read: readonly ReadWindow[],
  { counts }: Comparison,
  inTopic: ReturnType<typeof lettersIn>,
) {
  const windows = read.map(({ window }) => window)
  const sum = (of: (window: ServedWindow) => number) => windows.reduce((total, window) => total + of(window), 0)
  const [accepted, edge, burst] = [sum((one) => one.accepted), sum((one) => one.edge), sum((one) => one.burst)]
  const deadLettered = sum((one) => one.deadLettered)
  const { missing, extra, mismatched } = counts
  const repeated = read.filter(({ times }) => times > 1).length
  const afterMs = read.map(({ window, readAtMs }) => readAtMs - window.end)
  const isExact = missing + extra + mismatched + repeated + expected.wrongAnswers.length === 0
  const areLettersExact = inTopic.letters === deadLettered && inTopic.lettersRepeated === 0
  return {
    ...{ accepted, edge, burst, deadLettered },
    late: expected.events - accepted,
    windows: windows.length,
    windowsWithBurst: windows.filter((window) => window.burst > 0).length,
    ...{ missing, extra, mismatched, repeated, ...inTopic },
    balanced: isExact && areLettersExact && accepted === edge + burst + deadLettered,
    windowReadAfterMs: percentiles(afterMs),
    windowLatencyMs: percentiles(afterMs.map((ms) => Math.max(0, ms - closableAfterMs))),
  }
}

function cloudFigures({ facts, startMs, series }: Watched, { spike }: Schedule, seconds: number) {
  const usd = series.at(-1)?.usd ?? 0
  const spikeAtMs = startMs + (spike?.startMs ?? 0)
  const first = facts?.burst.episodes.find(({ startedAtMs }) => startedAtMs >= spikeAtMs)
  return {
    reactionMs: first === undefined ? null : first.startedAtMs - spikeAtMs,
    envelopes: facts?.burst.envelopes ?? 0,
    reclaims: facts?.burst.reclaims ?? 0,
    cloud: facts === null ? null : { ...facts.burst.usage, usd },
    usdPerHour: (usd / seconds) * 3600,
  }
}

function lagFigures({ startMs, series }: Watched, { spike }: Schedule) {
  const [spikeStartMs, spikeEndMs] = [spike?.startMs ?? 0, spike?.endMs ?? 0]
  const goneMs = lagGoneAfterMs(series, startMs + spikeEndMs)
  return {
    ...{ startMs, spikeStartMs, spikeEndMs },
    lagGoneAfterMs: goneMs,
    maxLagMs: Math.max(0, ...series.map(({ lagMs }) => lagMs)),
    ...atRest(series, startMs + spikeEndMs, goneMs),
  }
}

const profileOf = ({ rate, peak, spikeSeconds }: Evidence['options']): Profile => ({
  kind: 'spike',
  ...{ rate, peak },
  startSeconds: null,
  lengthSeconds: spikeSeconds,
})

function overflowFigures(schedule: Schedule, capacity: number) {
  const arrivals = arrivalsPerBin(schedule, BIN_MS)
  const perBin = (capacity * BIN_MS) / 1000
  const above = arrivals.reduce((sum, due) => sum + Math.max(0, due - perBin), 0)
  const least = leastOverflow({ arrivals, binMs: BIN_MS, capacity, latencyTargetMs: NO_LAG_MS })
  return { aboveCapacity: Math.round(above), leastOverflow: Math.round(least.total), latencyTargetMs: NO_LAG_MS }
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
