import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Status } from '../../../edge-node/http/status'
import { number } from '../../../scripts/command-line/flags'
import { bidLines } from '../../../scripts/load/events/bids'
import type { EdgeClient, EdgeProcess } from '../../../scripts/processes/edge-process'
import { type Bench, SEED } from '../bench'
import { Progress } from '../progress'
import { Stage } from '../stage'
import { cpuUsPerEvent, median, PROBED_EDGE, readWork, type Work } from '../statistics'
import { type BreakEvenCase, type BreakEvenFigures, costText, type MapCost, renderBreakEven } from './break-even-report'

interface BreakEvenOptions {
  readonly seconds: number
  readonly seed: number
}

/**
 * A cost of `map`, events/s of which the edge folds at most half of what it can, and events in a batch that make it
 * late.
 */
interface Planned {
  readonly cost: MapCost
  readonly rate: number
  readonly batch: number
}

const PLAN: readonly Planned[] = [
  { cost: { burnUs: 1 }, rate: 8_000, batch: 2_000 },
  { cost: { burnUs: 10 }, rate: 8_000, batch: 2_000 },
  { cost: { burnUs: 100 }, rate: 2_000, batch: 1_000 },
  { cost: { burnUs: 1_000 }, rate: 400, batch: 300 },
  { cost: { waitMs: 2 }, rate: 1_000, batch: 300 },
]
const NEVER_MS = 600_000 // a map that waits so long folds nothing while it is measured: what is left is taking events in
const WARM_UP_MS = 5_000
const ROUNDS = 3 // of folding and diverting by turns: what others do on the machine then falls on both
const STARTING_S = 12 // of processes, and switching
const SEND_EVERY_MS = 50 // few and large requests: taking in is common to both and should not drown them
const BATCHES = 24
const BATCH_EVERY_MS = 250
const TAUGHT = 8 // batches from which the controller learns both costs
const PENDING_TIMEOUT_MS = 30_000

async function measure({ seconds, seed }: BreakEvenOptions, say: (text: string) => void): Promise<BreakEvenFigures> {
  return Stage.with({}, async (stage) => {
    const autoS = (BATCHES * BATCH_EVERY_MS) / 1000
    const estimateMs = ((2 * ROUNDS + 1) * seconds + autoS + (2 * WARM_UP_MS) / 1000 + 3 * STARTING_S) * 1000
    const progress = new Progress(
      PLAN.map(({ cost }) => ({ label: costText(cost), estimateMs })),
      say,
    )
    const cases: BreakEvenCase[] = []
    for (const planned of PLAN) cases.push(await progress.next(() => measureCase(stage, planned, seconds, seed)))
    return { seconds, cases }
  })
}

async function measureCase(stage: Stage, planned: Planned, seconds: number, seed: number): Promise<BreakEvenCase> {
  const { cost, rate } = planned
  const [ingestUs] = await underLoad(stage, envOf({ waitMs: NEVER_MS }), rate, seed, async (node) => [
    cpuUsPerEvent(...(await during(node, seconds * 1000))),
  ])
  const [atEdgeUs, divertedUs] = await underLoad(stage, envOf(cost), rate, seed, (node) => byTurns(node, seconds))
  return {
    cost,
    rate,
    ingestUs: ingestUs!,
    atEdgeUs: atEdgeUs!,
    divertedUs: divertedUs!,
    auto: await decided(stage, planned, seed),
  }
}

const envOf = (cost: MapCost): NodeJS.ProcessEnv =>
  'waitMs' in cost ? { BURN_WAIT_MS: String(cost.waitMs) } : { BURN_US: String(cost.burnUs) }

/**
 * Runs `work` while bids come to an edge node at a steady rate, and kills it: nobody waits for what may never be
 * folded.
 */
async function underLoad<T>(
  stage: Stage,
  env: NodeJS.ProcessEnv,
  rate: number,
  seed: number,
  work: (node: EdgeProcess) => Promise<T>,
): Promise<T> {
  const options = { pipeline: 'burn', mode: 'never' }
  return stage.withEdge({ options, env, program: PROBED_EDGE }, async (node) => {
    const done = new AbortController()
    const sending = sendSteadily(node.client, rate, seed, done.signal)
    try {
      await sleep(WARM_UP_MS)
      return await Promise.race([work(node), sending.then(() => Promise.reject(new Error('nothing is sent any more')))])
    } finally {
      done.abort()
      await sending.catch(() => undefined)
      node.child.signal('SIGKILL')
      await node.child.ended()
    }
  })
}

/** Sends until it is stopped; one that comes late is made up for. */
async function sendSteadily(client: EdgeClient, rate: number, seed: number, stop: AbortSignal): Promise<void> {
  const line = bidLines(seed, { keys: 1000, zipf: 1, poison: 0 })
  const startMs = Date.now()
  for (let sent = 0; !stop.aborted; ) {
    const due = Math.floor(((Date.now() - startMs) / 1000) * rate)
    const lines = Array.from({ length: Math.min(due - sent, rate) }, (_, index) => line(sent + index, Date.now()))
    if (lines.length > 0) await client.send(`steady-${sent}`, lines)
    sent += lines.length
    await sleep(SEND_EVERY_MS)
  }
}

/** Folding and diverting by turns: microseconds an event of the one and of the other, the medians of the rounds. */
async function byTurns(node: EdgeProcess, seconds: number): Promise<[number, number]> {
  const costs = { never: [] as number[], always: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const mode of ['never', 'always'] as const) {
      await node.client.setMode(mode)
      await switched(node.client, mode)
      costs[mode].push(cpuUsPerEvent(...(await during(node, seconds * 1000))))
    }
  }
  return [median(costs.never) ?? Number.NaN, median(costs.always) ?? Number.NaN]
}

/** What was under way at the change of mode is done; the cloud has been at work for a while. */
async function switched(client: EdgeClient, mode: 'never' | 'always'): Promise<void> {
  await sleep(2_000)
  const deadlineMs = Date.now() + PENDING_TIMEOUT_MS
  while (mode === 'never' && (await client.status()).burst.inFlightEnvelopes > 0) {
    if (Date.now() > deadlineMs) throw new Error('the cloud does not finish what was sent to it')
    await sleep(100)
  }
}

async function during(node: EdgeProcess, ms: number): Promise<readonly [Work, Work]> {
  const before = await readWork(node)
  await sleep(ms)
  return [before, await readWork(node)]
}

/**
 * What mode auto does when every batch is late by a limit of a millisecond: it may burst, if it thinks that it pays.
 */
async function decided(stage: Stage, { cost, batch }: Planned, seed: number): Promise<BreakEvenCase['auto']> {
  const options = { pipeline: 'burn', 'max-queue-delay-ms': 1, 'latency-target-ms': 2, 'dwell-ms': 0 }
  return stage.withEdge({ options, env: envOf(cost) }, async ({ client, child }) => {
    const line = bidLines(seed, { keys: 1000, zipf: 1, poison: 0 })
    const send = async (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        const lines = Array.from({ length: batch }, (_, index) => line(n * batch + index, Date.now()))
        await Promise.all([client.send(`batch-${n}`, lines), sleep(BATCH_EVERY_MS)])
      }
    }
    await send(0, TAUGHT)
    const before = await settled(() => client.status())
    const reasons: string[] = []
    const looking = setInterval(() => void client.status().then(({ burst }) => reasons.push(burst.reason)), 100)
    await send(TAUGHT, BATCHES).finally(() => clearInterval(looking))
    const after = await settled(() => client.status())
    child.signal('SIGKILL')
    await child.ended()
    return summaryOf(before, after, reasons)
  })
}

function summaryOf(before: Status, after: Status, reasons: readonly string[]): BreakEvenCase['auto'] {
  const burst = after.events.burst - before.events.burst
  const edge = after.events.edge - before.events.edge
  const { trueRate, divertUs } = after.controller.facts
  const notWorth = reasons.findLast((reason) => reason.startsWith('sending an event away costs'))
  return {
    burstShare: burst / Math.max(1, burst + edge),
    foldUs: trueRate > 0 ? 1e6 / trueRate : 0,
    divertUs,
    reason: notWorth ?? reasons.at(-1) ?? '',
  }
}

/** The status once everything accepted was folded somewhere. */
async function settled(status: () => Promise<Status>): Promise<Status> {
  for (const deadlineMs = Date.now() + PENDING_TIMEOUT_MS; ; await sleep(50)) {
    const now = await status()
    if (now.events.pending === 0) return now
    if (Date.now() > deadlineMs) throw new Error(`${now.events.pending} events are still pending`)
  }
}

export const breakEven: Bench<BreakEvenOptions, BreakEvenFigures> = {
  name: 'break-even',
  description: 'what folding an event costs the edge and what diverting it costs, by the cost of map',
  options: (command: Command) =>
    command
      .option('--seconds <n>', 'length of each stretch', number(1, 3_600), 5)
      .option('--seed <n>', 'seed of the events', SEED, 1),
  measure,
  render: renderBreakEven,
}
