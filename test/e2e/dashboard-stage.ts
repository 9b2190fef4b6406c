import { existsSync } from 'node:fs'
import { count } from '../../core/aggregates/count'
import { max, min } from '../../core/aggregates/extreme'
import { mean } from '../../core/aggregates/mean'
import { quantile } from '../../core/aggregates/quantile'
import { sum } from '../../core/aggregates/sum'
import { pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'
import type { Config } from '../../edge-node/config/config'
import { startNode, type TestEvent, type TestNode, VERSION } from '../support/fixture'
import { MemoryCloud } from '../support/memory-cloud'

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const BATCH_MS = 50
const POISON_EVERY = 97

/** Where the system's Chromium is; undefined where there is none. */
export const chromiumPath = (): string | undefined =>
  [process.env.SPILLWAY_CHROMIUM, ...BROWSERS].find((path) => path !== undefined && existsSync(path))

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** As many columns as do not fit beside other panels. */
const AGGREGATES = {
  n: count(),
  total: sum('v'),
  highest: max('v'),
  lowest: min('v'),
  average: mean('v'),
  median: quantile('v', 0.5),
  p99: quantile('v', 0.99),
}

/** Windows of two seconds over events that take 4 ms each, `atOnce` at a time. */
function slowPipeline(atOnce: number) {
  return pipeline<TestEvent, TestEvent, typeof AGGREGATES>({
    name: 'bids',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling('2s'),
    outOfOrderness: '500ms',
    allowedLateness: '500ms',
    mapConcurrency: atOnce,
    map: async (event) => {
      await sleep(4)
      if (typeof event.v !== 'number') throw new Error('the price is no number')
      return event
    },
    aggregates: AGGREGATES,
  })
}

/** A node that listens, with a cloud of its own that is faster than it. It folds some 400 events a second. */
export async function stageNode(
  folder: string,
  config: Partial<Config> = {},
): Promise<{ node: TestNode; url: string }> {
  const cloud = new MemoryCloud(slowPipeline(16), VERSION)
  const settings = {
    mode: 'auto',
    latencyTargetMs: 800,
    maxQueueDelayMs: 400,
    maxEnvelopeBytes: 1024,
    ...config,
  } as const
  const node = await startNode({ folder, pipeline: slowPipeline(1), cloud, config: settings })
  const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { node, url }
}

/** Sends events at a rate for a time, under the present time; one in a hundred has no price. */
export async function send(node: TestNode, eventsPerSecond: number, ms: number): Promise<void> {
  const from = performance.now()
  let sent = 0
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - from) {
    const due = Math.floor((elapsed / 1000) * eventsPerSecond) - sent
    const lines = Array.from({ length: due }, (_, index) => line(sent + index))
    sent += due
    if (due > 0) await node.post(lines.join('\n'))
    await sleep(BATCH_MS)
  }
}

function line(number: number): string {
  const v = number % POISON_EVERY === 13 ? 'a lot' : (number * 7919) % 500
  return JSON.stringify({ k: `auction-${1000 + ((number * number) % 83)}`, t: Date.now(), v })
}
