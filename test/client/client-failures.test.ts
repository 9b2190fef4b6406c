import { describe, expect, test } from '@jest/globals'
import { ClientError, createClient, type FinalWindow } from 'spillway/client'
import { fakeNodes, hangUp, json, stream } from './fake-node'

const start = fakeNodes()
const answer = (accepted: number) => ({ accepted, late: 0, partlyLate: 0, horizon: null, rejected: [] })
const taken = (accepted: number) => json(202, answer(accepted))
const refused = (status: number, code: string, retryable: boolean, more = {}) =>
  json(status, { code, message: `it is ${code}`, retryable, ...more })

const error = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown) => thrown,
  )

describe('what is sent', () => {
  test.each([
    ['a lost connection', hangUp],
    ['429', refused(429, 'overloaded', true, { retryAfterMs: 1 })],
    ['503', refused(503, 'not_ready', true)],
    ['503 of a proxy', json(503, 'none of a node')],
    ['an answer without JSON', json(502, undefined)],
  ])('is sent again after %s, the same under the same key', async (_, failure) => {
    const { url, asked } = await start(failure, failure, taken(2))
    const sent = await createClient({ url }).send([{ a: 1 }, '{"a":2}'])
    expect(sent).toMatchObject({ accepted: 2, rejected: [] })
    expect(asked.map(({ body }) => body)).toEqual(Array(3).fill('{"a":1}\n{"a":2}\n'))
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([sent.idempotencyKey]))
  })

  test.each([
    [400, 'invalid_json'],
    [401, 'no_token'],
    [422, 'idempotency_key_reused'],
    [500, 'internal'],
  ])('is not sent again after %i %s', async (status, code) => {
    const { url, asked } = await start(refused(status, code, false))
    const thrown = await error(createClient({ url }).send([{}], { idempotencyKey: 'mine' }))
    expect(thrown).toBeInstanceOf(ClientError)
    expect(thrown).toMatchObject({ code, message: `it is ${code}`, retryable: false })
    expect(thrown.details).toMatchObject({ status, idempotencyKey: 'mine' })
    expect(asked).toHaveLength(1)
  })

  test('waits for as long as the node says, by body or header, and gives up when that is past its patience', async () => {
    const { url, asked } = await start(json(429, {}, { 'retry-after': '3600' }))
    const thrown = await error(createClient({ url, giveUpMs: 50 }).send([{}]))
    expect(thrown).toMatchObject({ retryable: true, details: { status: 429, retryAfterMs: 3_600_000 } })
    expect(asked).toHaveLength(1)
  })

  test('is given up when nobody is there for longer than its patience', async () => {
    const thrown = await error(createClient({ url: 'http://127.0.0.1:1', giveUpMs: 10 }).send([{}]))
    expect(thrown).toMatchObject({ code: 'unreachable', retryable: true })
    expect(thrown.message).toContain('http://127.0.0.1:1 gave no answer')
  })

  test('goes in requests of 5,000 events with keys that follow from the first, and what was rejected keeps its place', async () => {
    const { url, asked } = await start(
      taken(5_000),
      json(422, { code: 'all_rejected', ...answer(0), rejected: [{ line: 2, code: 'invalid_json', reason: 'none' }] }),
    )
    const events = Array.from({ length: 5_003 }, (_, n) => ({ n }))
    const sent = await createClient({ url, token: 'secret' }).send(events, { idempotencyKey: 'mine' })
    expect(asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine.1'])
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret'])
    expect(sent.accepted).toBe(5_000)
    expect(sent.rejected).toEqual([{ index: 5_001, code: 'invalid_json', reason: 'none' }])
  })

  test('ends when it is aborted', async () => {
    const { url } = await start(json(503, {}))
    const signal = AbortSignal.timeout(20)
    await expect(createClient({ url }).send([{}], { signal })).rejects.toBe(await aborted(signal))
  })
})

const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))

const data = (n: number, more = {}) =>
  JSON.stringify({
    start: n,
    end: n + 1,
    version: 'v',
    accepted: 1,
    edge: 1,
    burst: 0,
    deadLettered: 0,
    rowCount: 1,
    rows: [{ key: `k${n}` }],
    truncated: false,
    ...more,
  })
const windowEvent = (n: number, more = {}) => `id: 5_${n}\nevent: window\ndata: ${data(n, more)}\n\n`
const reset = `event: reset\nid: start\ndata: ${JSON.stringify({ code: 'other_log', message: 'another log', first: 0 })}\n\n`

async function first<T>(count: number, from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of from) if (found.push(each) === count) break
  return found
}
const ids = (windows: readonly FinalWindow[]) => windows.map(({ id }) => id)

describe('what is read live', () => {
  test('goes on after the last window when the stream breaks, also in the middle of an event', async () => {
    const { url, asked } = await start(
      stream(`: hello\nid: start\n\n${windowEvent(0)}${windowEvent(1).slice(0, -9)}`, { isBroken: true }),
      hangUp,
      refused(503, 'too_many_streams', true),
      stream(windowEvent(1) + windowEvent(2)),
    )
    expect(ids(await first(3, createClient({ url }).windows()))).toEqual(['5_0', '5_1', '5_2'])
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual(['start', '5_0', '5_0', '5_0'])
  })

  test('goes on after a window that was named', async () => {
    const { url, asked } = await start(stream(windowEvent(8)))
    await first(1, createClient({ url }).windows({ after: '5_7' }))
    expect(asked[0]!.headers['last-event-id']).toBe('5_7')
  })

  test('ends with an error when the log is another, unless somebody wants to know and goes on', async () => {
    const { url } = await start(stream(reset + windowEvent(0)))
    const thrown = await error(first(1, createClient({ url }).windows({ after: '9_9' })))
    expect(thrown).toMatchObject({ code: 'stream_reset', retryable: false })
    const resets: string[] = []
    const onReset = ({ code }: { code: string }) => resets.push(code)
    expect(ids(await first(1, createClient({ url }).windows({ onReset })))).toEqual(['5_0'])
    expect(resets).toEqual(['other_log'])
  })

  test('ends with the error of a node that waiting does not help against', async () => {
    const { url } = await start(refused(410, 'window_gone', false))
    expect(await error(first(1, createClient({ url }).windows()))).toMatchObject({ code: 'window_gone' })
  })

  test('has all rows of a window of which the stream has the first thousand', async () => {
    const page = {
      pipeline: 'p',
      next: null,
      windows: [{ ...JSON.parse(data(3)), rows: [{ key: 'a' }, { key: 'b' }] }],
    }
    const { url, asked } = await start(stream(windowEvent(3, { truncated: true })), json(200, page))
    const [window] = await first(1, createClient({ url }).windows())
    expect(window).toMatchObject({ id: '5_3', rows: [{ key: 'a' }, { key: 'b' }] })
    expect(asked[1]!.url).toBe('/v1/windows?from=3&to=4')
  })

  test('ends when it is aborted, while it waits for a window', async () => {
    const { url } = await start(stream(windowEvent(0)))
    const closing = new AbortController()
    const read = async () => {
      for await (const _ of createClient({ url }).windows({ signal: closing.signal })) closing.abort('enough')
    }
    await expect(read()).rejects.toBe('enough')
  })

  test('is refused where the node runs another pipeline', async () => {
    const { url } = await start(json(200, { pipeline: 'other', windows: [], next: null }))
    const client = createClient({ url, pipeline: { name: 'mine' } as never })
    expect(await error(first(1, client.windows()))).toMatchObject({ code: 'wrong_pipeline' })
  })
})

test('pages are read to the last one, and a window over two pages is one', async () => {
  const window = (n: number, ...keys: string[]) => ({ ...JSON.parse(data(n)), rows: keys.map((key) => ({ key })) })
  const { url, asked } = await start(
    json(200, { pipeline: 'p', windows: [window(0, 'a'), window(1, 'a', 'b')], next: '1.2.2' }),
    json(200, { pipeline: 'p', windows: [window(1, 'c'), window(2, 'a')], next: null }),
  )
  const found = await first(9, createClient({ url }).windows({ live: false, from: 0, key: 'a b' }))
  expect(found.map(({ start, rows }) => [start, rows.length])).toEqual([
    [0, 1],
    [1, 3],
    [2, 1],
  ])
  expect(asked.map(({ url }) => url)).toEqual(['/v1/windows?from=0&key=a+b', '/v1/windows?from=0&key=a+b&cursor=1.2.2'])
})
