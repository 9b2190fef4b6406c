import { cp } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { sliding } from '../../core/pipeline/window'
import { eventually } from '../support/eventually'
import { testNodes } from '../support/fixture'
import { ManualClock } from '../support/manual-clock'
import { MemoryCloud } from '../support/memory-cloud'
import { line, NEW_YEAR_MS, plainPipeline, send } from './whole-nodes'

const { start, newFolder } = testNodes()

/** Sums of tenths, so that an event too many or too few shows in each window. */
const EVENTS = Array.from({ length: 120 }, (_, n) => ({ k: `k${n % 4}`, t: NEW_YEAR_MS + n * 250, v: (n % 7) + 0.5 }))

function expectedRows(startMs: number) {
  const inside = EVENTS.filter(({ t }) => startMs <= t && t < startMs + 10_000)
  return [...new Set(inside.map(({ k }) => k))].sort().map((key) => {
    const values = inside.filter(({ k }) => k === key).map(({ v }) => v)
    return { key, n: values.length, s: values.reduce((sum, v) => sum + v, 0) }
  })
}

test('a stream that delivers everything twice, and loses its first answers, counts each event once', async () => {
  const pipeline = plainPipeline(sliding('10s', '3s'))
  const cloud = new MemoryCloud(pipeline, 'v1')
  const { put } = cloud.stream
  let calls = 0
  cloud.stream.put = async (records, onAccepted) => {
    calls += 1
    if (calls > 5) await put(records, () => undefined)
    const report = await put(records, calls > 5 ? onAccepted : () => undefined)
    return calls > 5 ? report : { ...report, failed: records.map((_, index) => index) }
  }
  const node = await start({ pipeline, cloud })
  for (let n = 0; n < EVENTS.length; n += 10) {
    await send(
      node,
      'always',
      EVENTS.slice(n, n + 10).map(({ k, t, v }) => line(k, t, v)),
    )
  }
  await send(node, 'never', [line('closer', NEW_YEAR_MS + 60_000)])
  const windows = await node.windows(13)
  for (const { start, rows, deadLettered } of windows) {
    expect([start, deadLettered, rows]).toMatchObject([start, 0, expectedRows(start)])
  }
  expect(windows.some(({ burst }) => burst > 0)).toBe(true)
})

test('a node that was killed while it waited for silence closes its windows all the same, and once', async () => {
  const pipeline = plainPipeline(sliding('10s', '3s'))
  const first = await start({ pipeline }) // its own silence is long
  const lines = EVENTS.map(({ k, t, v }) => line(k, t, v))
  for (const [mode, from] of [
    ['never', 0],
    ['always', 60],
  ] as const)
    await send(first, mode, lines.slice(from, from + 60))
  const folder = await newFolder()
  await cp(first.folder, folder, { recursive: true })
  const clock = new ManualClock(86_400_000 * 400)
  const config = { idleTimeoutMs: 4_000 }
  const second = await start({ pipeline, config, clock, folder, cloud: first.cloud })
  await clock.pass(6_000)
  const windows = await second.windows(13)
  for (const { start, rows } of windows) expect([start, rows]).toMatchObject([start, expectedRows(start)])
  await clock.pass(60_000)
  await eventually(async () => expect((await second.status()).windows.final).toBe(windows.length))
})
