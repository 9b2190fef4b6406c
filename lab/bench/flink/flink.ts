import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { integer, number } from '../../../scripts/command-line/flags'
import { SLOT_RATE } from '../../../scripts/flink/stage'
import { ensureJava } from '../../../scripts/processes/java/toolchain'
import { type Bench, SEED } from '../bench'
import { ProcessTimes } from '../process-times'
import { Progress } from '../progress'
import { FLINK_WAYS, type FlinkFigures, type FlinkSpikeRun, type FlinkWay, type HotRun } from './flink-figures'
import { hotOnEdge, hotOnFlink } from './flink-hot'
import { renderFlink } from './flink-report'
import { spikeRun } from './flink-spike'

interface FlinkOptions {
  readonly quick: boolean
  readonly only?: 'spike' | 'hot'
  readonly capacity: number
  readonly factor: number
  readonly spikeSeconds: number
  readonly seconds: number
  readonly hotRate: number
  readonly hotSeconds: number
  readonly seed: number
  readonly kafkaPort: number
  readonly restPort: number
}

const BASE_SHARE = 0.5
const WARM_S = 20 // code is compiled by then
const START_S = 30 // until broker, cluster, sidecar and cloud are there
const WINDOWS_S = 25 // until the last window is read and checked

/** What `--quick` makes of the lengths. */
const QUICK = { spikeSeconds: 4, seconds: 12, hotSeconds: 5, warmSeconds: 4 } as const

/** How long things last: a spike of four times what fits is followed by a time of half its own queue at the base rate. */
export function lengthsOf({ quick, spikeSeconds, seconds, hotSeconds }: FlinkOptions) {
  return quick ? QUICK : { spikeSeconds, seconds, hotSeconds, warmSeconds: WARM_S }
}

async function measure(options: FlinkOptions, say: (text: string) => void): Promise<FlinkFigures> {
  ensureJava()
  const { capacity, factor, hotRate, only } = options
  const lengths = lengthsOf(options)
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-flink-'))
  const load = { capacity, rate: BASE_SHARE * capacity, peak: factor * capacity }
  const place = { ...options, ...lengths, ...load, folder }
  const hot = { ...place, hotRate }
  const times = new ProcessTimes()
  const ways = only === 'hot' ? [] : FLINK_WAYS
  const isHot = only !== 'spike'
  const plan = planOf(ways, isHot, factor, lengths)
  const progress = new Progress(plan, say)
  times.start()
  try {
    const runs: FlinkSpikeRun[] = []
    for (const way of ways) runs.push(await progress.next(() => spikeRun(way, place, times, say)))
    const hotRuns: HotRun[] = []
    if (isHot) hotRuns.push(...(await progress.next(() => hotOnFlink(hot, times, say))))
    if (isHot) hotRuns.push(await progress.next(() => hotOnEdge(hot, times)))
    await rm(folder, { recursive: true, force: true })
    const { seconds, spikeSeconds } = lengths
    return { ...load, seconds, spikeSeconds, hotRate, runs, hot: hotRuns }
  } catch (error) {
    say(`The logs of what was started are kept in ${folder}.`)
    throw error
  } finally {
    times.stop()
  }
}

interface Lengths {
  readonly spikeSeconds: number
  readonly seconds: number
  readonly hotSeconds: number
  readonly warmSeconds: number
}

/** The runs in their order, with how long they take. */
export function planOf(ways: readonly FlinkWay[], isHot: boolean, factor: number, lengths: Lengths) {
  const { spikeSeconds, seconds, hotSeconds, warmSeconds } = lengths
  // Under back-pressure what did not fit is folded at what the base rate leaves, then at the full rate.
  const drainS = (factor - 1) * spikeSeconds
  const spikes = ways.map((label) => {
    const loadS = label === 'flink, back-pressure' ? seconds + drainS : seconds
    return { label, estimateMs: (START_S + loadS + WINDOWS_S) * 1000 }
  })
  const eachS = warmSeconds + hotSeconds
  const hot = [
    { label: 'cheap work on Flink, ours and plain', estimateMs: (2 * START_S + 2 * eachS) * 1000 },
    { label: 'cheap work on the edge node', estimateMs: (10 + eachS) * 1000 },
  ]
  return [...spikes, ...(isHot ? hot : [])]
}

function capacity(text: string): number {
  const value = integer(SLOT_RATE, 512_000)(text)
  if (value % SLOT_RATE === 0) return value
  throw new InvalidArgumentError(`It takes a multiple of ${SLOT_RATE}.`)
}

export const flink: Bench<FlinkOptions, FlinkFigures> = {
  name: 'flink',
  description:
    'a spike on Flink with and without bursting and on the edge node, and cheap work beside a plain Flink job; needs a JDK and Maven',
  options: (command: Command) =>
    command
      .option('--quick', 'short: three minutes on two idle cores; for a look, not for figures', false)
      .option('--only <part>', 'the spike or the cheap work alone: spike | hot', part)
      .option('--capacity <n>', 'events per second that a sidecar folds of bids, a multiple of 500', capacity, 1_000)
      .option('--factor <n>', 'the spike, in times of the capacity', number(1, 100), 4)
      .option('--spike-seconds <n>', 'length of the spike, which begins at a third of the run', number(1, 3_600), 20)
      .option('--seconds <n>', 'length of the load', number(3, 86_400), 60)
      .option('--hot-rate <n>', 'events per second of the cheap work', integer(1, 1_000_000), 20_000)
      .option('--hot-seconds <n>', 'length of the cheap work, after 20 s to warm up', number(1, 3_600), 60)
      .option('--seed <n>', 'seed of the events', SEED, 1)
      .option('--kafka-port <port>', 'where the broker listens', integer(1, 65_534), 9092)
      .option('--rest-port <port>', "Flink's page and API; its processes take the next port", integer(1, 65_535), 8081),
  measure,
  render: renderFlink,
}

function part(text: string): 'spike' | 'hot' {
  if (text === 'spike' || text === 'hot') return text
  throw new InvalidArgumentError('It takes spike or hot.')
}
