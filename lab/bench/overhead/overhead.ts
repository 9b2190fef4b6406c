import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { integer, number } from '../../../scripts/command-line/flags'
import type { Child } from '../../../scripts/processes/child'
import type { EdgeProcess } from '../../../scripts/processes/edge-process'
import { startLoad } from '../../../scripts/start/load-process'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { Stage } from '../stage'
import { PROBED_EDGE, readWork } from '../statistics'
import { type OverheadCase, type OverheadFigures, type OverheadPair, renderOverhead } from './overhead-report'

interface OverheadOptions {
  readonly pairs: number
  readonly seconds: number
  readonly seed: number
}

type Mode = 'auto' | 'never'

const SHARE = 0.6
const LIGHT_RATE = 20_000 // what the load can send beside it without taking the processor from what is measured
const WARM_UP_S = 6 // code is compiled, windows have closed
const SLICE_MS = 1_000
const SLICE_FACTOR = 1.25 // a slice with its switch and its readings, over the slice alone
const SWITCH_MS = 150 // what was under way at a change of mode is done

interface Steady {
  readonly pipeline: string
  readonly rate: number
  readonly share: number | null
  readonly env: NodeJS.ProcessEnv
}

/** Off and on change places from pair to pair, so that a drift of the machine favours neither. */
export const modesOf = (pair: number): readonly [Mode, Mode] => (pair % 2 === 0 ? ['never', 'auto'] : ['auto', 'never'])

async function measure(options: OverheadOptions, say: (text: string) => void): Promise<OverheadFigures> {
  const { pairs, seconds } = options
  return Stage.with({}, async (stage) => {
    const capacity = await stage.capacity(say)
    const loads: Steady[] = [
      { pipeline: 'bids', rate: Math.round(SHARE * capacity), share: SHARE, env: {} },
      { pipeline: 'burn', rate: LIGHT_RATE, share: null, env: { BURN_US: '0' } },
    ]
    const estimateMs = (WARM_UP_S + 2 * pairs * seconds * SLICE_FACTOR + 5) * 1000
    const labelled = loads.map(({ pipeline, rate }) => ({
      label: `${pipeline} at ${rate} events/s, ${pairs} pairs`,
      estimateMs,
    }))
    const progress = new Progress(labelled, say)
    const cases: OverheadCase[] = []
    for (const steady of loads) cases.push(await progress.next(() => steadyCase(stage, steady, options, say)))
    return { cases }
  })
}

/** One process for all pairs, its mode switched under a load that goes on: nothing but the controller differs. */
async function steadyCase(
  stage: Stage,
  steady: Steady,
  options: OverheadOptions,
  say: (text: string) => void,
): Promise<OverheadCase> {
  const { pipeline, rate, share, env } = steady
  const { pairs: count, seconds, seed } = options
  return stage.withEdge({ options: { pipeline }, env, program: PROBED_EDGE }, async (edge, folder) => {
    const length = WARM_UP_S + 2 * count * seconds * SLICE_FACTOR + 5
    const shape = { kind: 'constant', rate, seconds: length } as const
    const children: Child[] = []
    const load = startLoad({ url: edge.client.url, pipeline: 'bids', shape, seed, folder }, children)
    try {
      await sleep(WARM_UP_S * 1000)
      const pairs: OverheadPair[] = []
      for (let pair = 0; pair < count; pair += 1) {
        pairs.push(await measurePair(edge, modesOf(pair), seconds))
        const { onUsPerEvent, offUsPerEvent } = pairs[pair]!
        say(
          `    pair ${pair + 1}: ${onUsPerEvent.toFixed(2)} us an event with the controller, ${offUsPerEvent.toFixed(2)} without`,
        )
      }
      return { pipeline, rate, share, seconds, pairs }
    } finally {
      load.signal('SIGKILL') // nobody waits for the rest of its schedule
      await load.ended()
    }
  })
}

/**
 * Second by second in the one mode and in the other: what others do on the machine, and windows that close, then fall
 * on both.
 */
async function measurePair(edge: EdgeProcess, modes: readonly [Mode, Mode], seconds: number): Promise<OverheadPair> {
  const sums = { auto: { cpuUs: 0, accepted: 0 }, never: { cpuUs: 0, accepted: 0 } }
  for (let second = 0; second < seconds; second += 1) {
    for (const mode of second % 2 === 0 ? modes : modes.toReversed()) {
      await edge.client.setMode(mode)
      await sleep(SWITCH_MS)
      const before = await readWork(edge)
      await sleep(SLICE_MS)
      const after = await readWork(edge)
      sums[mode].cpuUs += after.cpuUs - before.cpuUs
      sums[mode].accepted += after.accepted - before.accepted
    }
  }
  const usPerEvent = ({ cpuUs, accepted }: (typeof sums)[Mode]) => cpuUs / Math.max(1, accepted)
  return { onUsPerEvent: usPerEvent(sums.auto), offUsPerEvent: usPerEvent(sums.never) }
}

export const overhead: Bench<OverheadOptions, OverheadFigures> = {
  name: 'overhead',
  description: 'processor time an event of a steady load under capacity, with the controller on and off, in pairs',
  options: (command: Command) =>
    command
      .option('--pairs <n>', 'pairs', integer(1, 1_000), 8)
      .option('--seconds <n>', 'seconds in each mode, of each pair', number(1, 3_600), 10)
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderOverhead,
}
