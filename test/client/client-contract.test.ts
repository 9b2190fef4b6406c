import { expect, test } from '@jest/globals'
import { count, pipeline, sum, tumbling } from 'spillway'
import { createClient, type FinalWindow } from 'spillway/client'
import { run } from 'spillway/testing'
import { type NodeOptions, SIZE_MS, T0, type TestEvent, testNodes } from '../support/fixture'

const { start } = testNodes()

const totals = pipeline<TestEvent>()({
  name: 'totals',
  key: 'k',
  timestamp: { field: 't', unit: 'ms' },
  window: tumbling(SIZE_MS),
  outOfOrderness: 0,
  aggregates: { n: count(), total: sum('v') },
})
const event = (k: string, seconds: number, v = 1): TestEvent => ({ k, t: T0 + seconds * 1_000, v })

async function connected(options: NodeOptions = {}) {
  const node = await start({ pipeline: totals, ...options })
  const url = await node.app.listen({ port: 0, host: '127.0.0.1' })
  return { node, client: createClient({ url, pipeline: totals }), url }
}

async function first<T>(from: AsyncIterable<T>): Promise<T | null> {
  for await (const each of from) return each
  return null
}

test('a node takes what the client sends, and says what of it is late or rejected', async () => {
  const { client } = await connected()
  const sent = await client.send([event('a', 1), '7', event('a', 12)])
  expect(sent).toMatchObject({ accepted: 2, late: 0, moreRejected: 0 })
  expect(sent.rejected).toEqual([{ index: 1, code: 'not_an_object', reason: expect.any(String) }])
  await first(client.windows())
  await expect(client.send([event('a', 1)])).resolves.toMatchObject({ accepted: 0, late: 1, horizon: T0 + 12_000 })
  await expect(client.send(['7'])).resolves.toMatchObject({ accepted: 0, rejected: [{ index: 0 }] })
})

test('events that are sent twice under a key count once', async () => {
  const { client } = await connected()
  for (let time = 0; time < 2; time++) await client.send([event('a', 1, 5)], { idempotencyKey: 'once' })
  await client.send([event('a', 12)])
  expect((await first(client.windows()))?.rows).toEqual([{ key: 'a', n: 1, total: 5 }])
})

test('windows come as they become final, typed, and the same that a run in a test gives', async () => {
  const { client, url } = await connected()
  const events = [event('a', 1, 0.1), event('b', 2, 0.2), event('a', 3, 0.7), event('a', 11), event('c', 25)]
  const found: FinalWindow<typeof totals>[] = []
  const reading = (async () => {
    for await (const window of client.windows()) if (found.push(window) === 2) return
  })()
  for (const each of events) await client.send([each])
  await reading
  const total: number = found[0]!.rows[0]!.total
  expect(total).toBeCloseTo(0.8)
  const { windows } = await run(totals, events)
  expect(found.map(({ start, end, rows }) => ({ start, end, rows }))).toEqual(windows.slice(0, 2))

  const after = found[0]!.id!
  expect(await first(createClient<typeof totals>({ url }).windows({ after }))).toEqual(found[1])
  const pages: FinalWindow<typeof totals>[] = []
  for await (const window of client.windows({ live: false })) pages.push(window)
  expect(pages).toEqual(found.map((window) => ({ ...window, id: null })))
  expect(await client.window({ start: T0 })).toEqual(pages[0])
  expect(await client.window({ start: T0 + 1 })).toBeNull()
})

test('a status says what the node does', async () => {
  const { client } = await connected()
  await expect(client.status()).resolves.toMatchObject({ pipeline: 'totals', ready: true, mode: 'never' })
})

test('an id of another log is a reset', async () => {
  const { client } = await connected()
  await client.send([event('a', 1), event('a', 12)])
  const after = '1_0'
  await expect(first(client.windows({ after }))).rejects.toMatchObject({ code: 'stream_reset' })
  const onReset = () => undefined
  await expect(first(client.windows({ after, onReset }))).resolves.toMatchObject({ start: T0 })
})

test('an error of the node keeps its code', async () => {
  const { url } = await connected()
  const pages = createClient({ url }).windows({ live: false, from: Number.NaN })
  await expect(pages.next()).rejects.toMatchObject({
    code: 'invalid_query',
    retryable: false,
    details: { status: 400 },
  })
})
