import { test } from '@jest/globals'
import { pino } from 'pino'
import { systemClock } from '../../edge-node/clock'
import { openTracing } from '../../edge-node/tracing/open-tracing'
import { eventually } from './eventually'
import { event, testNodes } from './fixture'

const { start } = testNodes()
const base = { incarnation: 'x', pipeline: 'test', version: 'v1', logger: pino({ level: 'silent' }), clock: systemClock }
const REQUESTS = 400
const LINES = 250

async function run(share: number, scrapeMs: number): Promise<number> {
  const tracing = await openTracing({ ...base, config: { traceShare: share, otelEndpoint: 'http://127.0.0.1:43189' } }, {})
  const node = await start({ trace: tracing.trace, config: { mode: 'never' } })
  const timer = scrapeMs > 0 ? setInterval(() => void node.app.inject('/metrics'), scrapeMs) : undefined
  const bodies = Array.from({ length: REQUESTS }, (_, r) =>
    Array.from({ length: LINES }, (_, l) => event(`k${(r * LINES + l) % 500}`, Math.floor(r / 20) + 1)).join('\n'),
  )
  const before = process.cpuUsage()
  for (let r = 0; r < REQUESTS; r += 4) await Promise.all(bodies.slice(r, r + 4).map((b) => node.post(b)))
  await eventually(async () => {
    if (node.node.events.edge < REQUESTS * LINES) throw new Error('not yet')
  })
  const { user, system } = process.cpuUsage(before)
  clearInterval(timer)
  await tracing.stop()
  await node.stop()
  return (user + system) / (REQUESTS * LINES)
}

test('overhead', async () => {
  await run(0, 0)
  await run(1, 200)
  const figures: Record<string, number[]> = { off: [], metrics: [], default: [], all: [] }
  for (let round = 0; round < 9; round++) {
    const order = [['off', 0, 0], ['metrics', 0, 250], ['default', 0.05, 250], ['all', 1, 250]] as const
    for (const [name, share, ms] of round % 2 ? order : [...order].reverse()) figures[name]!.push(await run(share, ms))
  }
  const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
  const off = figures.off!
  const text = Object.entries(figures).map(([name, list]) => `${name}: ${median(list).toFixed(3)} us/event, min ${Math.min(...list).toFixed(3)}, paired median ${(100 * median(list.map((one, i) => one / off[i]! - 1))).toFixed(1)} %`)
  process.stderr.write(`${text.join('\n')}\n`)
}, 120_000)
