import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { WrongUsage } from '../../../scripts/command-line/ask'
import { existingFile, integer } from '../../../scripts/command-line/flags'
import {
  cutSlice,
  lengthOf,
  ratesOf,
  readTraceRows,
  type Slice,
  traceText,
} from '../../../scripts/load/schedule/trace-slice'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { Stage } from '../stage'
import { predicted } from './predicted'
import { CALM_TRACE, type Replay, renderTrace, type TraceFigures, type TraceRun } from './trace-report'

interface TraceOptions {
  readonly trace: readonly string[]
  readonly slice?: 'peak'
  readonly from?: number
  readonly seconds?: number
  readonly speedup?: number
  readonly mean: number
  readonly shards: number
  readonly parallelization: number
  readonly seed: number
}

const DAY_S = 86_400
const REPLAY_S = 150 // a trace's own length is made this unless --speedup says otherwise
const SETTLE_S = 25
const SAMPLE_MS = 250

/**
 * Traces of days are cut to some of them: at the speed that fits the whole into minutes, their spikes would be shorter
 * than any delay.
 */
const USUAL_SLICE: Readonly<Record<string, Slice>> = {
  'twitter-aapl': { from: 'peak', seconds: 4 * DAY_S },
  [CALM_TRACE]: { from: 'start', seconds: 14 * DAY_S },
}

/**
 * How a trace is replayed; what the options leave open is chosen so that it takes some two minutes. `lengthS`: of the
 * whole trace.
 */
export function replayOf(
  name: string,
  options: Omit<TraceOptions, 'trace' | 'shards' | 'parallelization' | 'seed'>,
  lengthS: number,
): Replay {
  const usual = USUAL_SLICE[name] ?? { from: 'start', seconds: null }
  const isCut = options.slice !== undefined || options.from !== undefined || options.seconds !== undefined
  const from = options.slice ?? options.from ?? (isCut ? 'start' : usual.from)
  const seconds = options.seconds ?? (isCut ? null : usual.seconds)
  const speedup = options.speedup ?? Math.max(1, Math.min(lengthS, seconds ?? lengthS) / REPLAY_S)
  return { slice: { from, seconds }, speedup, meanShare: options.mean }
}

async function measure(options: TraceOptions, say: (text: string) => void): Promise<TraceFigures> {
  const { trace: files, shards, parallelization, seed } = options
  if (files.length === 0) {
    throw new WrongUsage(
      'It needs rate traces: --trace FILE, more than once for several, each a CSV with the header start_s,events.',
    )
  }
  const traces = await Promise.all(files.map((file) => openTrace(file, options)))
  return Stage.with({ shardCount: String(shards), parallelizationFactor: String(parallelization) }, async (stage) => {
    const capacity = await stage.capacity(say)
    say(`Base capacity: ${Math.round(capacity)} events/s, measured once.`)
    const plan = traces.map(({ name, replay, slice }) => ({
      label: `${name}, ${Math.round(lengthOf(slice))} s of it ${replay.speedup.toFixed(1)} times as fast`,
      estimateMs: (lengthOf(slice) / replay.speedup + SETTLE_S) * 1000,
    }))
    const progress = new Progress(plan, say)
    const runs: TraceRun[] = []
    for (const opened of traces) runs.push(await progress.next(() => replayed(stage, opened, capacity, seed)))
    return { capacity, lanes: { shards, parallelization }, runs }
  })
}

type Opened = Awaited<ReturnType<typeof openTrace>>

async function openTrace(file: string, options: TraceOptions) {
  const name = basename(file, '.csv')
  const rows = readTraceRows(await readFile(file, 'utf8'), file)
  const replay = replayOf(name, options, lengthOf(rows))
  return { name, replay, slice: cutSlice(rows, replay.slice) }
}

async function replayed(
  stage: Stage,
  { name, replay, slice }: Opened,
  capacity: number,
  seed: number,
): Promise<TraceRun> {
  const { speedup, meanShare } = replay
  const file = join(stage.folder, `${name}.csv`)
  await writeFile(file, traceText(slice))
  const meanRate = Math.round(meanShare * capacity)
  const shape = { kind: 'trace', file, meanRate, speedup } as const
  const { report, series } = await stage.trial({ edge: {}, shape, seed, capacity, sampleMs: SAMPLE_MS })
  const { mean, peak } = ratesOf(slice)
  return {
    ...{ trace: name, ...replay, sliceSeconds: lengthOf(slice), peakShare: (peak / mean) * meanShare, report, series },
    predicted: await predicted({ traceFile: file, capacity, meanRate, speedup, folder: stage.folder }),
  }
}

const collect = (file: string, before: readonly string[]) => [...before, existingFile(file)]

export function fromSecond(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0) return value
  throw new InvalidArgumentError('It takes a number of at least 0.')
}

function aboveZero(text: string): number {
  const value = fromSecond(text)
  if (value > 0) return value
  throw new InvalidArgumentError('It takes a number above 0.')
}

export const trace: Bench<TraceOptions, TraceFigures> = {
  name: 'trace',
  description: 'recorded rates, replayed: what is burst, how much of it had to be, and what the simulator says of it',
  options: (command: Command) =>
    command
      .option('--trace <file>', 'a rate trace, CSV with the header start_s,events; may be repeated', collect, [])
      .addOption(new Option('--slice <where>', 'the part around the fullest bin').choices(['peak']))
      .option('--from <s>', 'begin at this second of its own time', fromSecond)
      .option('--seconds <s>', 'replay so many seconds of its own time', aboveZero)
      .option(
        '--speedup <n>',
        'how much faster than its own speed (default: so that it takes about two minutes)',
        aboveZero,
      )
      .option('--mean <share>', 'mean rate, as a share of the measured capacity', aboveZero, 0.5)
      .option('--shards <n>', 'shards of the stream', integer(1, 10_000), 2)
      .option('--parallelization <n>', 'lanes a shard', integer(1, 10), 8)
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderTrace,
}
