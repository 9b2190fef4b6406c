import { describe, expect, test } from '@jest/globals'
import { eventId } from '../../../edge-node/http/stream-place'
import type { WindowPage } from '../../../edge-node/results/results'
import { event, SIZE_MS, T0, testNodes } from '../../support/fixture'

const { start } = testNodes()

/** A node with five final windows: ten keys in the first, one fewer in each after it. */
async function fiveWindows() {
  const node = await start()
  for (let window = 0; window < 5; window++) {
    const keys = Array.from({ length: 10 - window }, (_, key) => event(`k${key}`, window * 10 + 1, key))
    await node.post(keys.join('\n'))
  }
  await node.post(event('closer', 53))
  const whole = await node.windows(5)
  const get = async (query: string) => (await node.app.inject(`/v1/windows?${query}`)).json()
  return { ...node, whole, get }
}

test('a final window has its bounds, its counts, and its rows by key', async () => {
  const { get } = await fiveWindows()
  const { pipeline, windows, next } = await get(`from=${T0 + 40_000}`)
  expect([pipeline, next]).toEqual(['test', null])
  const counts = { accepted: 6, edge: 6, burst: 0, deadLettered: 0 }
  const rows = Array.from({ length: 6 }, (_, key) => ({ key: `k${key}`, n: 1, total: key }))
  expect(windows).toEqual([{ start: T0 + 40_000, end: T0 + 50_000, version: 'v1', ...counts, rows }])
})

test('from and to bound whole windows, both inclusive', async () => {
  const { get } = await fiveWindows()
  const starts = async (query: string) =>
    (await get(query)).windows.map(({ start: from }: { start: number }) => (from - T0) / SIZE_MS)
  expect(await starts('')).toEqual([0, 1, 2, 3, 4])
  expect(await starts(`from=${T0 + 10_000}&to=${T0 + 40_000}`)).toEqual([1, 2, 3])
  expect(await starts(`from=${T0 + 10_001}&to=${T0 + 39_999}`)).toEqual([2])
  expect(await starts(`from=${T0 + 50_000}`)).toEqual([])
})

test('the pages of a limit, joined, are the whole', async () => {
  const { get, whole } = await fiveWindows()
  for (const limit of [1, 3, 9, 10, 39, 40]) {
    const rows: unknown[] = []
    for (let cursor = ''; ; ) {
      const page: WindowPage = await get(`limit=${limit}${cursor}`)
      for (const window of page.windows) for (const row of window.rows) rows.push([window.start, row])
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(rows).toEqual(whole.flatMap((window) => window.rows.map((row) => [window.start, row])))
  }
})

test('a key gives its rows, also a key of other letters', async () => {
  const { get, post, windows } = await fiveWindows()
  expect((await get('key=k9')).windows.map(({ rows }: { rows: unknown[] }) => rows.length)).toEqual([1, 0, 0, 0, 0])
  await post([event('ключ & 🔑', 54), event('closer', 73)].join('\n'))
  await windows(6)
  const { windows: found } = await get(`from=${T0 + 50_000}&key=${encodeURIComponent('ключ & 🔑')}`)
  expect(found[0].rows).toEqual([{ key: 'ключ & 🔑', n: 1, total: 1 }])
})

describe('a query that cannot be answered', () => {
  test.each([
    ['limit=0', 'invalid_query'],
    ['limit=10001', 'invalid_query'],
    ['limit=1.5', 'invalid_query'],
    ['from=yesterday', 'invalid_query'],
    ['to=', 'invalid_query'],
    ['from=%20', 'invalid_query'],
    ['from=0x10', 'invalid_query'],
    ['to=1e999', 'invalid_query'],
    ['limit=', 'invalid_query'],
    ['key=a&key=b', 'invalid_query'],
    ['cursor=x', 'invalid_cursor'],
  ])('%s is refused with %s', async (query, code) => {
    const { app } = await start()
    const answer = await app.inject(`/v1/windows?${query}`)
    expect([answer.statusCode, answer.json()]).toEqual([400, { code, message: expect.any(String), retryable: false }])
  })
})

describe('windows that are gone', () => {
  const { start } = testNodes()

  test('what retention took away is answered with 410 and the reason, in pages and in the stream; the rest is served', async () => {
    const { app, post, windows, results, status, node } = await start()
    for (const [closed, seconds] of [1, 14, 24, 34].entries()) {
      await post(event('a', seconds))
      await windows(closed) // one after the other: their numbers are in the order of their starts
    }
    const [, second] = await windows(3)
    await results.take(2, second!.end)()
    const page = async (query: string) => app.inject(`/v1/windows?${query}`)
    const gone = await page(`from=${T0}&to=${T0 + SIZE_MS}`)
    expect([gone.statusCode, gone.json()]).toEqual([
      410,
      { code: 'window_gone', retryable: false, message: expect.stringContaining(String(second!.end)) },
    ])
    expect((await page(`cursor=${T0}.${T0 + SIZE_MS}.0`)).statusCode).toBe(410)
    const left = (await page(`from=${T0}`)).json()
    expect([left.windows.length, left.takenBefore]).toEqual([1, second!.end])
    const stream = await app.inject({ url: '/v1/stream', headers: { 'last-event-id': eventId(node.incarnation, 0) } })
    expect([stream.statusCode, stream.json().code]).toEqual([410, 'window_gone'])
    expect((await status()).windows).toMatchObject({ final: 3, kept: 1 })
    expect((await status()).retention).toMatchObject({ hours: 168, takenBefore: second!.end })
  })
})
