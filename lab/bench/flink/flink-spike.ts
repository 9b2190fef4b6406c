import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { FlinkRunOptions } from '../../../scripts/flink/options'
import { runOnFlink } from '../../../scripts/flink/run'
import { lagGoneAfterMs } from '../../../scripts/flink/samples'
import { SLOT_RATE } from '../../../scripts/flink/stage'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import type { Schedule } from '../../../scripts/load/schedule/schedule'
import type { Child, Stoppable } from '../../../scripts/processes/child'
import { measureLoad } from '../../../scripts/start/measured-load'
import type { Sample } from '../../../scripts/start/samples'
import type { ProcessTimes } from '../process-times'
import { Stage } from '../stage'
import type { FlinkSpikeRun, FlinkWay } from './flink-figures'

/** A spike, and where everything listens. */
export interface SpikeOptions {
  readonly capacity: number
  readonly rate: number
  readonly peak: number
  readonly seconds: number
  readonly spikeSeconds: number
  readonly seed: number
  readonly kafkaPort: number
  readonly restPort: number
  /** Folder for the runs. */
  readonly folder: string
}

const SAMPLE_MS = 250
const CLOSING_MS = 7_000 // a window of `bids` closes 2 s and 5 s past its end: out-of-orderness and lateness

/** Runs one system under the spike, from its start to its end. */
export async function spikeRun(
  way: FlinkWay,
  options: SpikeOptions,
  times: ProcessTimes,
  say: (text: string) => void,
): Promise<FlinkSpikeRun> {
  switch (way) {
    case 'flink, back-pressure':
      return onFlink(way, 'never', options, times, say)
    case 'flink, burst':
      return onFlink(way, 'auto', options, times, say)
    case 'edge node, burst':
      return onEdge(way, options, times)
  }
}

async function onFlink(
  way: FlinkWay,
  mode: FlinkRunOptions['mode'],
  options: SpikeOptions,
  times: ProcessTimes,
  say: (text: string) => void,
): Promise<FlinkSpikeRun> {
  const dataDir = path.join(options.folder, mode)
  const children: Stoppable[] = []
  try {
    const run = { ...options, dataDir, mode, poison: 0, parallelism: 2, awaySeconds: 0, slowSeconds: 0 }
    const { report } = await runOnFlink(run, children, (text) => say(text.trimEnd()))
    const { startMs, series, accepted, burst, balanced, processingDelayMs } = report
    const lag = series.map(({ atMs, lagMs }) => ({ atMs, lagMs }))
    return {
      ...{ way, accepted, burst, processingDelayMs },
      isExact: balanced,
      windowReadAfterMs: report.windowReadAfterMs,
      lagGoneAfterMs: report.lagGoneAfterMs,
      maxLagMs: report.maxLagMs,
      lag: lagPoints(lag, startMs),
      cpuMs: times.between(startMs, foldedAtMs(lag, startMs, options.seconds)),
      usd: report.cloud?.usd ?? 0,
    }
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

async function onEdge(way: FlinkWay, options: SpikeOptions, times: ProcessTimes): Promise<FlinkSpikeRun> {
  const { capacity, rate, peak, seconds, spikeSeconds, seed } = options
  const shape = { kind: 'spike', rate, peak, seconds, spikeSeconds } as const
  const profile = { kind: 'spike', rate, peak, startSeconds: null, lengthSeconds: spikeSeconds } as const
  const schedule = scheduleOf(profile, seconds, seed, '')
  const env = { PRICING_SLOTS: String(capacity / SLOT_RATE) }
  return Stage.with({}, (stage) =>
    stage.withEdge({ options: { transport: 'invoke' }, env }, async ({ client }, folder) => {
      await mkdir(folder, { recursive: true })
      const order = { pipeline: 'bids', shape, seed, folder } as const
      const children: Child[] = []
      const setting = { edge: client, order, capacity, acceptedBefore: [], sampleMs: SAMPLE_MS }
      const { report, check, load } = await measureLoad(setting, children)
      const startMs = load.scheduleStartMs
      const lag = lagOfEdge(report.series, schedule, startMs)
      const { accepted, burst, processingDelayMs, windowLatencyMs } = report
      return {
        ...{ way, accepted, burst, processingDelayMs },
        isExact: check.exact,
        windowReadAfterMs: { p50: CLOSING_MS + windowLatencyMs.p50, max: CLOSING_MS + windowLatencyMs.max },
        lagGoneAfterMs: lagGoneAfterMs(lag, startMs + (schedule.spike?.endMs ?? 0)),
        maxLagMs: Math.max(0, ...lag.map(({ lagMs }) => lagMs)),
        lag: lagPoints(lag, startMs),
        cpuMs: times.between(startMs, foldedAtMs(lag, startMs, seconds)),
        usd: report.cloud.usd,
      }
    }),
  )
}

interface Lag {
  readonly atMs: number
  /** For how long the oldest event had been due that was not folded. */
  readonly lagMs: number
}

/** By the rule of the runs on Flink: as many of the events that were due as were done are taken for the oldest. */
export function lagOfEdge(
  series: readonly Pick<Sample, 'atMs' | 'doneEvents'>[],
  { total, dueAt, timeOf }: Pick<Schedule, 'total' | 'dueAt' | 'timeOf'>,
  startMs: number,
): Lag[] {
  let done = 0
  return series.map(({ atMs, doneEvents }) => {
    done += doneEvents
    const due = atMs <= startMs ? 0 : Math.min(total, dueAt(atMs - startMs))
    return { atMs, lagMs: done < due ? Math.max(0, Math.round(atMs - startMs - timeOf(done))) : 0 }
  })
}

/** When all of the load was folded: never before its end. */
export function foldedAtMs(lag: readonly Lag[], startMs: number, seconds: number): number {
  const last = lag.findLastIndex(({ lagMs }) => lagMs > 0)
  return Math.max(startMs + seconds * 1000, lag[last + 1]?.atMs ?? lag.at(-1)?.atMs ?? startMs)
}

const lagPoints = (lag: readonly Lag[], startMs: number) =>
  lag.map(({ atMs, lagMs }) => [Math.round((atMs - startMs) / 10) / 100, lagMs] as const)
