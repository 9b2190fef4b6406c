import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import fastify from 'fastify'
import { sseParser } from '../../../dashboard/src/sse'
import { dashboardRoutes } from '../../../edge-node/http/dashboard'
import { History } from '../../../edge-node/http/history'
import { LiveReader } from '../../../edge-node/http/live'
import { type FeedEvents, SAMPLE_FIELDS, type Sample, type SampleField } from '../../../edge-node/observe/feed'
import { eventually } from '../../support/eventually'
import { event, T0, testNodes } from '../../support/fixture'

const { start } = testNodes()
const aborts: AbortController[] = []
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort()
})

/** Reads the feed of a listening node; `latest` has what was told last by each name. */
async function read(url: string) {
  const abort = new AbortController()
  aborts.push(abort)
  const response = await fetch(`${url}/v1/live`, { signal: abort.signal })
  const latest: Partial<Record<keyof FeedEvents, unknown>> = {}
  const state = { ended: false, samples: 0 }
  const drain = async () => {
    const parse = sseParser()
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      for (const { event: name, data } of parse(decoder.decode(chunk, { stream: true }))) {
        latest[name as keyof FeedEvents] = JSON.parse(data)
        if (name === 'sample') state.samples += 1
      }
    }
  }
  const over = drain()
    .catch(() => undefined)
    .finally(() => {
      state.ended = true
    })
  return { response, latest: latest as FeedEvents, state, over }
}

describe('the live feed', () => {
  test('tells a new reader at once how things are, and then samples', async () => {
    const node = await start()
    const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
    await node.post([event('a', 1), event('b', 2), event('a', 14)].join('\n'))
    await node.windows(1)
    const { response, latest, state } = await read(url)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    await eventually(() => expect(state.samples).toBeGreaterThan(2))
    expect(latest.fields).toEqual(SAMPLE_FIELDS)
    expect(latest.sample[SAMPLE_FIELDS.indexOf('accepted')]).toBe(3)
    expect(latest.overview).toMatchObject({ pipeline: 'test', mode: 'never', bursting: false, unready: null })
    expect(latest.decisions).toEqual([])
    expect(latest.windows.finals).toEqual([
      { start: T0, end: T0 + 10_000, accepted: 2, edge: 2, burst: 0, deadLettered: 0, rows: 2 },
    ])
  })

  test('ends when the node stops', async () => {
    const node = await start()
    const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
    const { over, state } = await read(url)
    await node.stop()
    await over
    expect(state.ended).toBe(true)
  })

  test('what was measured can be looked back on', async () => {
    const node = await start()
    await node.app.ready()
    const history = await eventually(async () => {
      const answer = (await node.app.inject('/v1/history')).json()
      expect(answer.recent.length).toBeGreaterThan(2)
      return answer
    })
    expect(history.fields).toEqual(SAMPLE_FIELDS)
    expect(history.recent[0]).toHaveLength(SAMPLE_FIELDS.length)
  })
})

describe('the latest results', () => {
  test('have each key once, with its newest window, and are searched by a part of the key', async () => {
    const node = await start()
    await node.post([event('Apple', 1, 5), event('pear', 2, 7)].join('\n'))
    await node.post(event('apricot', 12, 3))
    await node.post([event('Apple', 13, 4), event('closer', 33)].join('\n'))
    await node.windows(2)
    const all = (await node.app.inject('/v1/latest')).json()
    expect(all).toMatchObject({ found: 3, windows: 2 })
    const found = (await node.app.inject('/v1/latest?search=AP')).json()
    expect(found.rows).toEqual([
      { start: T0 + 10_000, end: T0 + 20_000, row: { key: 'Apple', n: 1, total: 4 } },
      { start: T0 + 10_000, end: T0 + 20_000, row: { key: 'apricot', n: 1, total: 3 } },
    ])
    const first = (await node.app.inject('/v1/latest?limit=1')).json()
    expect([first.rows.length, first.found]).toEqual([1, 3])
    expect((await node.app.inject('/v1/latest?limit=0')).statusCode).toBe(400)
  })
})

test('the newest dead letters come first, with reason and line', async () => {
  const node = await start()
  await node.post([event('a', 1, 'x'), event('a', 2), event('a', 3, null)].join('\n'))
  const letters = await eventually(async () => {
    const { deadLetters } = (await node.app.inject('/v1/dead-letters/newest')).json()
    expect(deadLetters).toHaveLength(2)
    return deadLetters
  })
  expect(letters.map(({ timestampMs }: { timestampMs: number }) => timestampMs - T0)).toEqual([3_000, 1_000])
  expect(letters[0]).toMatchObject({ code: expect.any(String), reason: expect.any(String), line: event('a', 3, null) })
})

test('without a built page, the node says how to build it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-no-page-'))
  const app = fastify()
  dashboardRoutes(app, folder)
  const answer = await app.inject('/')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8'])
  expect(answer.body).toContain('npm run dashboard')
  await app.close()
  await rm(folder, { recursive: true })
})

describe('a slow reader', () => {
  /** A socket that is full after so many writes, until it is drained. */
  function outlet(room: number) {
    const written: string[] = []
    let listener = () => {}
    return {
      written,
      write: (text: string) => written.push(text) < room,
      once: (_event: 'drain', drained: () => void) => {
        listener = drained
      },
      end: () => {},
      drain: (more: number) => {
        room = written.length + more
        listener()
      },
    }
  }

  describe('a reader of the live feed', () => {
    test('gets each event in its order while there is room', () => {
      const socket = outlet(10)
      const reader = new LiveReader(socket)
      reader.send('sample', '[1]')
      reader.send('sample', '[2]')
      expect(socket.written).toEqual(['event: sample\ndata: [1]\n\n', 'event: sample\ndata: [2]\n\n'])
    })

    test('that is slow gets the newest of each name once it has room, and nothing queues up', () => {
      const socket = outlet(1)
      const reader = new LiveReader(socket)
      for (let at = 0; at < 1_000; at++) reader.send('sample', `[${at}]`)
      reader.send('windows', '{}')
      expect(socket.written).toHaveLength(1)
      socket.drain(10)
      expect(socket.written.slice(1)).toEqual(['event: sample\ndata: [999]\n\n', 'event: windows\ndata: {}\n\n'])
    })

    test('that is full again in between keeps the rest for later', () => {
      const socket = outlet(1)
      const reader = new LiveReader(socket)
      for (const name of ['fields', 'sample', 'windows'] as const) reader.send(name, '0')
      socket.drain(1)
      expect(socket.written).toHaveLength(2)
      socket.drain(5)
      expect(socket.written).toHaveLength(3)
    })
  })
})

describe('the last hour', () => {
  const sample = (atMs: number, values: Partial<Record<SampleField, number>> = {}): Sample =>
    SAMPLE_FIELDS.map((field) => (field === 'atMs' ? atMs : (values[field] ?? 0)))
  const column = (samples: readonly Sample[], field: SampleField) =>
    samples.map((values) => values[SAMPLE_FIELDS.indexOf(field)])

  describe('the history', () => {
    test('keeps so many seconds and so many samples, and forgets the oldest', () => {
      const history = new History(5, 20)
      for (let atMs = 0; atMs < 10_000; atMs += 100) history.add(sample(atMs))
      const { seconds, recent } = history.answer()
      expect(column(recent, 'atMs')).toEqual(Array.from({ length: 20 }, (_, age) => 8_000 + age * 100))
      // Five that are over, and the one in progress.
      expect(column(seconds, 'atMs')).toEqual([4_900, 5_900, 6_900, 7_900, 8_900, 9_900])
    })

    test('of a second it keeps the peak of what goes up and down, and the last of what counts', () => {
      const history = new History()
      for (const [atMs, queueDelayMs, accepted] of [
        [100, 5, 1],
        [500, 900, 2],
        [900, 7, 3],
        [1_100, 1, 4],
      ] as const)
        history.add(sample(atMs, { queueDelayMs, accepted }))
      const { seconds } = history.answer()
      expect(column(seconds, 'queueDelayMs')).toEqual([900, 1])
      expect(column(seconds, 'accepted')).toEqual([3, 4])
    })

    test('tells nothing before the first sample, and names its fields', () => {
      expect(new History().answer()).toEqual({ fields: SAMPLE_FIELDS, seconds: [], recent: [] })
      expect(new History().newest).toBeUndefined()
    })
  })
})
