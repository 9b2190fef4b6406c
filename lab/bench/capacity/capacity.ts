import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { number } from '../../../scripts/command-line/flags'
import { type Child, startChild } from '../../../scripts/processes/child'
import { EdgeClient } from '../../../scripts/processes/edge-process'
import { type Bench, SEED } from '../bench'
import { readStat } from '../process-times'
import { Progress } from '../progress'
import { type CapacityFigures, type CapacityRun, renderCapacity, type System } from './capacity-report'
import { type LoadOf, Requests } from './requests'
import { Sender } from './sender'

interface CapacityOptions {
  readonly quick: boolean
  readonly seconds: number
  readonly pipeline: string
  readonly seed: number
}

const LOADS: readonly LoadOf[] = [
  { eventsPerRequest: 1_000, keys: 1_000 },
  { eventsPerRequest: 100, keys: 1_000 },
  { eventsPerRequest: 1, keys: 1_000 },
  { eventsPerRequest: 1_000, keys: 100_000 },
  { eventsPerRequest: 100, keys: 100_000 },
]
const CONNECTIONS = 8 // so many requests share a flush, and the process never waits for the sender
const WARM_UP_S = 5 // code is compiled, and windows are opened
const QUICK = { seconds: 3, warmUpSeconds: 2 }
const START_S = 4
const SETTLE_MS = 20
const MOST_WAIT_MS = 60_000

/** One system under one load: closed loop, so that it is always busy. */
export const capacity: Bench<CapacityOptions, CapacityFigures> = {
  name: 'capacity',
  description: 'events that an edge node without a cloud takes and folds in a second of processor time',
  options: (command: Command) =>
    command
      .option('--seconds <n>', 'seconds of each measurement', number(1, 3_600), 10)
      .option('--pipeline <name>', 'pipeline of bids that the edge node runs', 'hot')
      .option('--seed <n>', 'seed of the events', SEED, 1)
      .option('--quick', 'three seconds each; for a look, not for figures', false),
  measure,
  render: renderCapacity,
}

async function measure(options: CapacityOptions, say: (text: string) => void): Promise<CapacityFigures> {
  const { quick, seed, pipeline } = options
  const seconds = quick ? QUICK.seconds : options.seconds
  const warmUpSeconds = quick ? QUICK.warmUpSeconds : WARM_UP_S
  const systems: readonly System[] = ['edge node', 'naive']
  const planned = LOADS.flatMap((load) => systems.map((system) => ({ load, system })))
  const estimateMs = (warmUpSeconds + seconds + START_S) * 1000
  const labelled = planned.map(({ load, system }) => ({ label: labelOf(system, load), estimateMs }))
  const progress = new Progress(labelled, say)
  const runs: CapacityRun[] = []
  for (const { load, system } of planned) {
    const requests = Requests.of(load, seed)
    const order = { load, system, requests, pipeline, seconds, warmUpSeconds }
    const run = await progress.next(() => measureRun(order))
    say(`    ${Math.round(run.events / run.cpuSeconds).toLocaleString('en-US')} events per CPU-second`)
    runs.push(run)
  }
  return { pipeline, seconds, runs }
}

const labelOf = (system: System, { eventsPerRequest, keys }: LoadOf) =>
  `${system}: ${eventsPerRequest} events a request, ${keys} keys`

interface Order {
  readonly load: LoadOf
  readonly system: System
  readonly requests: Requests
  readonly pipeline: string
  readonly seconds: number
  readonly warmUpSeconds: number
}

async function measureRun(order: Order): Promise<CapacityRun> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-capacity-'))
  const child = start(order, folder)
  try {
    const { url } = await child.ready<{ url: string }>()
    return await measureSending(order, child, url)
  } finally {
    await child.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function start({ system, pipeline }: Order, folder: string): Child {
  switch (system) {
    case 'naive':
      return startChild('lab/bench/capacity/naive.ts', [])
    case 'edge node': {
      const options = { pipeline, cloud: 'none', port: 0, 'data-dir': join(folder, 'data'), 'log-level': 'warn' }
      return startChild(
        'edge-node/main.ts',
        Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      )
    }
  }
}

async function measureSending(order: Order, child: Child, url: string): Promise<CapacityRun> {
  const { load, system, requests, seconds, warmUpSeconds } = order
  const sender = new Sender(new URL(url), requests, CONNECTIONS)
  await sleep(warmUpSeconds * 1000)
  let takenBefore = sender.read().taken
  const [fromMs, cpuBefore] = [performance.now(), await cpuSecondsOf(child)]
  await sleep(seconds * 1000)
  const cpuSeconds = (await cpuSecondsOf(child)) - cpuBefore
  const { taken, refused, ackMs } = sender.read()
  const wallSeconds = (performance.now() - fromMs) / 1000
  await sender.stop()
  takenBefore += taken + sender.read().taken
  if (system === 'edge node') await allFolded(url, takenBefore * load.eventsPerRequest)
  const sorted = Float64Array.from(ackMs).sort()
  return {
    ...{ system, ...load, requests: taken, refused, events: taken * load.eventsPerRequest },
    ...{ seconds: wallSeconds, cpuSeconds, peakBytes: await peakBytesOf(child) },
    ackMs: { p50: quantileOf(sorted, 0.5), p99: quantileOf(sorted, 0.99), max: sorted.at(-1) ?? Number.NaN },
  }
}

/** What was answered as taken is folded, all of it and no more: a figure without that would be worth nothing. */
async function allFolded(url: string, events: number): Promise<void> {
  const client = new EdgeClient(url)
  const deadlineMs = performance.now() + MOST_WAIT_MS
  for (;;) {
    const { accepted, edge, late, rejected, deadLettered } = (await client.status()).events
    const lost = late + rejected + deadLettered
    if (accepted === events && edge === events && lost === 0) return
    if (accepted > events || lost > 0 || performance.now() > deadlineMs)
      throw new Error(`of ${events} events ${accepted} were accepted, ${edge} folded, ${lost} not to be counted`)
    await sleep(SETTLE_MS)
  }
}

/** User and system time of all threads of a process. */
async function cpuSecondsOf({ pid }: Child): Promise<number> {
  return readStat(await readFile(`/proc/${pid}/stat`, 'utf8')).ms / 1000
}

async function peakBytesOf({ pid }: Child): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

const quantileOf = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
