import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { integer, number } from '../../../scripts/command-line/flags'
import type { Child } from '../../../scripts/processes/child'
import type { EdgeProcess } from '../../../scripts/processes/edge-process'
import { startLoad } from '../../../scripts/start/load-process'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { Stage } from '../stage'
import { cpuUsPerEvent, PROBED_EDGE, readWork } from '../statistics'
import { renderEverythingOn } from './everything-on-report'
import { collector, watch } from './onlookers'
import type { OverheadFigures, OverheadPair } from './overhead-report'

interface Options {
  readonly pairs: number
  readonly seconds: number
  readonly rate: number
  readonly seed: number
}

const WARM_UP_S = 15 // code is compiled, windows have closed
const PIPELINE = 'burn'
const ENV = { BURN_US: '0' } // no work in the map: what is added weighs most

async function measure(options: Options, say: (text: string) => void): Promise<OverheadFigures> {
  const { pairs: count, seconds, rate } = options
  return Stage.with({}, async (stage) => {
    const estimateMs = (WARM_UP_S + seconds + 5) * 1000
    const steps = Array.from({ length: count }, (_, pair) => ({ label: `pair ${pair + 1}`, estimateMs }))
    const progress = new Progress(steps, say)
    const pairs: OverheadPair[] = []
    for (let pair = 0; pair < count; pair += 1) pairs.push(await progress.next(() => measurePair(stage, options)))
    return { cases: [{ pipeline: PIPELINE, rate, share: null, seconds, pairs }] }
  })
}

/** Two new processes side by side under the same load: what others do on the machine falls on both. */
async function measurePair(stage: Stage, options: Options): Promise<OverheadPair> {
  const token = randomBytes(16).toString('hex')
  const tokens = join(stage.folder, 'tokens.json')
  await writeFile(tokens, JSON.stringify([{ name: 'all', token, scopes: ['ingest', 'read', 'admin'] }]), {
    mode: 0o600,
  })
  const { url: endpoint, close } = await collector()
  const plain = { options: { pipeline: PIPELINE }, env: ENV, program: PROBED_EDGE }
  const full = {
    options: { ...plain.options, tokens, 'otel-endpoint': endpoint },
    env: { ...ENV, SPILLWAY_TOKEN: token },
    program: PROBED_EDGE,
  }
  try {
    return await stage.withEdge(plain, (off, offFolder) =>
      stage.withEdge(full, async (on, onFolder) => {
        const unwatch = watch(on.client.url, token)
        const usPerEvent = (edge: EdgeProcess, folder: string) => loaded(edge, { ...options, folder, token })
        const [onUsPerEvent, offUsPerEvent] = await Promise.all([usPerEvent(on, onFolder), usPerEvent(off, offFolder)])
        await unwatch()
        return { onUsPerEvent, offUsPerEvent }
      }),
    )
  } finally {
    close()
  }
}

/** Processor time an event while a load goes on. */
async function loaded(edge: EdgeProcess, order: Options & { readonly folder: string; readonly token: string }) {
  const { rate, seconds, seed, folder, token } = order
  const shape = { kind: 'constant', rate, seconds: WARM_UP_S + seconds + 5 } as const
  const children: Child[] = []
  const load = startLoad({ url: edge.client.url, pipeline: 'bids', shape, seed, folder, token }, children)
  try {
    await sleep(WARM_UP_S * 1000)
    const before = await readWork(edge)
    await sleep(seconds * 1000)
    return cpuUsPerEvent(before, await readWork(edge))
  } finally {
    load.signal('SIGKILL') // nobody waits for the rest of its schedule
    await load.ended()
  }
}

export const everythingOn: Bench<Options, OverheadFigures> = {
  name: 'everything-on',
  description:
    'processor time an event with tokens, metrics that are scraped, traces and an open dashboard, against a node without, in pairs',
  options: (command: Command) =>
    command
      .option('--pairs <n>', 'pairs', integer(1, 1_000), 6)
      .option('--seconds <n>', 'seconds of each pair', number(1, 3_600), 20)
      .option('--rate <n>', 'events a second on each of the two nodes', number(1, 1e6), 20_000)
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderEverythingOn,
}
