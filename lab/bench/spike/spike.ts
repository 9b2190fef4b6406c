import type { Command } from 'commander'
import { integer } from '../../../scripts/command-line/flags'
import type { LoadShape } from '../../../scripts/start/load-process'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { type EdgeSettings, Stage } from '../stage'
import { renderSpike } from './spike-report'
import { type Spike, type SpikeFigures, type SpikeRun, WAYS, type Way } from './spike-verdict'

interface SpikeOptions {
  readonly pairs: number
  readonly quick: boolean
  readonly seed: number
}

const SPIKES: readonly Spike[] = [
  { factor: 4, seconds: 20 },
  { factor: 10, seconds: 10 },
]
const QUICK: readonly Spike[] = [{ factor: 4, seconds: 5 }]
const BASE = 0.5
const BEFORE_S = 8 // the controller learns the true rate
const AFTER_S = 10 // the end of the burst can be seen
const SETTLE_S = 12 // start of the processes, the last windows, the check
const SAMPLE_MS = 100 // the end of the burst is measured to a second
const SHARDS = 2
const LANE_MARGIN = 1.5
const LANE_YIELD = 0.85 // what a lane folds, over what the edge does: it has a batch to fetch and partials to write

/** Lanes that take the excess over the capacity. */
export const lanesFor = (factor: number): number => Math.ceil((LANE_MARGIN * (factor - 1)) / LANE_YIELD)

interface Planned {
  readonly spike: Spike
  readonly pair: number
  readonly way: Way
}

/**
 * The ways alternate within a pair; bursting goes first by the one and then by the other transport, since the second
 * finds warm functions.
 */
export function plannedRuns(spikes: readonly Spike[], pairs: number): Planned[] {
  return spikes.flatMap((spike) =>
    Array.from({ length: pairs }, (_, index) => index + 1).flatMap((pair) => {
      const [off, ...on] = WAYS
      const order: readonly Way[] = [off, ...(pair % 2 === 1 ? on : on.toReversed())]
      return order.map((way) => ({ spike, pair, way }))
    }),
  )
}

/** How long a run takes: an edge that does not burst has the whole excess before it when the load ends. */
export function estimateMs({ spike, way }: Pick<Planned, 'spike' | 'way'>): number {
  const loadS = BEFORE_S + spike.seconds + AFTER_S
  const drainS = way === 'off' ? (spike.factor - 1) * spike.seconds - (1 - BASE) * AFTER_S : 0
  return (loadS + drainS + SETTLE_S) * 1000
}

async function measure({ pairs, quick, seed }: SpikeOptions, say: (text: string) => void): Promise<SpikeFigures> {
  const planned = plannedRuns(quick ? QUICK : SPIKES, quick ? 1 : pairs)
  const maxInvokes = lanesFor(Math.max(...planned.map(({ spike }) => spike.factor)))
  const parallelization = Math.max(4, Math.ceil(maxInvokes / SHARDS))
  const hoverSeconds = quick ? 20 : 60
  return Stage.with({ shardCount: String(SHARDS), parallelizationFactor: String(parallelization) }, async (stage) => {
    const capacity = await stage.capacity(say)
    say(`Base capacity: ${Math.round(capacity)} events/s, measured once; ${planned.length} runs and one that hovers.`)
    const estimates = planned.map((run) => ({ label: labelOf(run), estimateMs: estimateMs(run) }))
    const hoverMs = (hoverSeconds + SETTLE_S) * 1000
    const progress = new Progress([...estimates, { label: 'hovering', estimateMs: hoverMs }], say)
    const trial = (edge: EdgeSettings, shape: LoadShape) =>
      progress.next(() => stage.trial({ edge, shape, seed, capacity, sampleMs: SAMPLE_MS }))
    const runs: SpikeRun[] = []
    for (const run of planned) {
      const { report, series } = await trial(edgeSettings(run.way, maxInvokes), shapeOf(run.spike, capacity))
      say(`    p99 ${Math.round(report.processingDelayMs.p99)} ms, burst ${report.burst}, balanced: ${report.balanced}`)
      runs.push({ ...run, report, series })
    }
    const swing = { rate: Math.round(0.95 * capacity), peak: Math.round(1.05 * capacity), seconds: hoverSeconds }
    const hovering = await trial(edgeSettings('kinesis', maxInvokes), { kind: 'sine', ...swing, periodSeconds: 4 })
    const hover = { ...hovering, mostChangesIn10s: mostChangesIn10s(hovering.report.modeChangesAtMs) }
    const lanes = { shards: SHARDS, parallelization }
    const { latencyTargetMs } = hovering.report
    return { capacity, baseShare: BASE, latencyTargetMs, lanes, maxInvokes, runs, hover }
  })
}

const labelOf = ({ spike, pair, way }: Planned) => `${spike.factor} x for ${spike.seconds} s, pair ${pair}, ${way}`

function edgeSettings(way: Way, maxInvokes: number): EdgeSettings {
  switch (way) {
    case 'off':
      return { mode: 'never' }
    case 'kinesis':
      return { transport: 'kinesis' }
    case 'invoke':
      return { transport: 'invoke', 'max-invokes': maxInvokes }
  }
}

function shapeOf({ factor, seconds }: Spike, capacity: number): LoadShape {
  const rates = { rate: Math.round(BASE * capacity), peak: Math.round(factor * capacity) }
  const times = { seconds: BEFORE_S + seconds + AFTER_S, spikeStart: BEFORE_S, spikeSeconds: seconds }
  return { kind: 'spike', ...rates, ...times }
}

/** The most changes of mode within any 10 s. */
export function mostChangesIn10s(changesAtMs: readonly number[]): number {
  return changesAtMs.reduce((most, from) => {
    const within = changesAtMs.filter((atMs) => atMs >= from && atMs < from + 10_000)
    return Math.max(most, within.length)
  }, 0)
}

export const spike: Bench<SpikeOptions, SpikeFigures> = {
  name: 'spike',
  description: 'the same spike with back-pressure, with bursting over Kinesis, and by direct invocation, alternating',
  options: (command: Command) =>
    command
      .option('--pairs <n>', 'how often each spike is met in each way', integer(1, 1_000), 3)
      .option('--quick', 'one short spike, once', false)
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderSpike,
}
