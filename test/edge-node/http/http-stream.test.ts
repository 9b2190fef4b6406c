import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { eventId, idBefore, placeOf } from '../../../edge-node/http/stream-place'
import { eventually } from '../../support/eventually'
import { event, T0, type TestNode, testNodes } from '../../support/fixture'

const { start } = testNodes()
const open: IncomingMessage[] = []
afterEach(() => {
  for (const response of open.splice(0)) response.destroy()
})

interface Message {
  /** The number in the id. */
  readonly id: number
  /** The id as it came, or the one before it. */
  readonly lastEventId: string
  readonly event: string
  readonly data: {
    readonly code?: string
    readonly first?: number
    readonly start: number
    readonly rows: readonly unknown[]
    readonly rowCount: number
    readonly truncated: boolean
  }
}

/** Reads the stream of a listening node; the messages so far are in `messages`. */
async function read(url: string, lastEventId?: string, query = '') {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/v1/stream${query}`, { headers, agent: false }, resolve).on('error', reject)
  })
  open.push(response)
  const messages: Message[] = []
  let text = ''
  let newestId = ''
  let ended = false
  response.setEncoding('utf8')
  response.on('data', (part: string) => {
    const blocks = (text + part).split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = fieldsOf(block)
      newestId = fields.get('id') ?? newestId
      if (fields.has('data')) messages.push(messageOf(fields, newestId))
    }
  })
  response.on('error', () => {})
  response.on('close', () => {
    ended = true
  })
  return { response, messages, lastEventId: () => newestId, ended: () => ended }
}

const fieldsOf = (block: string) =>
  new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))

function messageOf(fields: ReadonlyMap<string, string>, lastEventId: string): Message {
  const id = Number(lastEventId.slice(lastEventId.lastIndexOf('_') + 1))
  return { id, lastEventId, event: fields.get('event')!, data: JSON.parse(fields.get('data')!) }
}

const listen = ({ app }: TestNode) => app.listen({ host: '127.0.0.1', port: 0 })
const ids = (messages: readonly Message[]) => messages.map(({ id }) => id)

test('each final window comes once, in the order in which it became final, to every reader', async () => {
  const node = await start()
  const url = await listen(node)
  const readers = [await read(url), await read(url)]
  expect(readers[0]!.response.headers['content-type']).toBe('text/event-stream')
  for (let window = 0; window < 4; window++) await node.post(event('a', window * 10 + 4))
  await node.windows(3)
  for (const { messages } of readers) await eventually(() => expect(ids(messages)).toEqual([0, 1, 2]))
  const first = readers[0]!.messages.find(({ data }) => data.start === T0)
  expect(first).toMatchObject({ event: 'window', data: { start: T0, rowCount: 1, truncated: false } })
  expect(first?.data.rows).toEqual([{ key: 'a', n: 1, total: 1 }])
})

test('a reader that comes back with its Last-Event-ID gets what it missed, each once, and then what comes', async () => {
  const node = await start()
  const url = await listen(node)
  for (let window = 0; window < 4; window++) await node.post(event('a', window * 10 + 4))
  await node.windows(3)
  const whole = await read(url, undefined, '?from=start')
  await eventually(() => expect(ids(whole.messages)).toEqual([0, 1, 2]))
  const [first] = whole.messages
  const reader = await read(url, first!.lastEventId)
  const newer = await read(url, whole.messages[1]!.lastEventId, `?from=${first!.lastEventId}`)
  const fresh = await read(url)
  await node.post(event('a', 44))
  await eventually(() => expect(ids(reader.messages)).toEqual([1, 2, 3]))
  await eventually(() => expect(ids(newer.messages)).toEqual([2, 3]))
  await eventually(() => expect(ids(whole.messages)).toEqual([0, 1, 2, 3]))
  await eventually(() => expect(ids(fresh.messages)).toEqual([3]))
})

test('a reader far behind gets everything, though more becomes final meanwhile', async () => {
  const node = await start()
  const url = await listen(node)
  const windows = 300
  await node.post(Array.from({ length: windows }, (_, window) => event('a', window * 10)).join('\n'))
  await node.post(event('a', windows * 10 + 3))
  await eventually(async () => expect((await node.status()).windows.final).toBe(windows))
  const reader = await read(url, 'start')
  await node.post(event('a', windows * 10 + 14))
  await eventually(() => expect(reader.messages.length).toBe(windows + 1))
  expect(reader.ended()).toBe(false)
})

test('a window of more than a thousand rows says how many it has and shows the first', async () => {
  const node = await start()
  const url = await listen(node)
  const reader = await read(url)
  await node.post(Array.from({ length: 1_001 }, (_, key) => event(`k${key}`, 1)).join('\n'))
  await node.post(event('closer', 13))
  await eventually(() => expect(reader.messages.length).toBe(1))
  const { rows, rowCount, truncated } = reader.messages[0]!.data
  expect([rows.length, rowCount, truncated]).toEqual([1_000, 1_001, true])
})

test('a reader that goes away is forgotten, and one that stays does not keep the node from stopping', async () => {
  const node = await start()
  const url = await listen(node)
  const [gone, stays] = [await read(url), await read(url)]
  gone.response.destroy()
  await node.post([event('a', 1), event('a', 14)].join('\n'))
  await eventually(() => expect(ids(stays.messages)).toEqual([0]))
  await node.stop()
  await eventually(() => expect(stays.ended()).toBe(true))
})

test('a reader that is cut off before its first window misses none', async () => {
  const node = await start()
  const url = await listen(node)
  await node.post([event('a', 1), event('a', 14)].join('\n'))
  await node.windows(1)
  const early = await read(url)
  await eventually(() => expect(early.lastEventId()).not.toBe(''))
  early.response.destroy()
  await node.post(event('a', 24))
  await node.windows(2)
  const back = await read(url, early.lastEventId())
  await eventually(() => expect(ids(back.messages)).toEqual([1]))
})

test('a reader that comes back to a node with a new data folder is told so, and gets all that the new log has', async () => {
  const [old, renewed] = [await start(), await start()]
  for (const node of [old, renewed]) {
    for (const seconds of [1, 14, 24]) await node.post(event('a', seconds))
    await node.windows(2)
  }
  const before = await read(await listen(old), 'start')
  await eventually(() => expect(ids(before.messages)).toEqual([0, 1]))
  const back = await read(await listen(renewed), before.messages[1]!.lastEventId)
  await eventually(() => expect(back.messages.map((each) => each.event)).toEqual(['reset', 'window', 'window']))
  const [reset, ...windows] = back.messages
  expect(reset!.data).toMatchObject({ code: 'other_log', retryable: false, first: 0 })
  expect(ids(windows)).toEqual([0, 1])
})

test('a reader ahead of the log is told so, and gets all that is there', async () => {
  const node = await start()
  const url = await listen(node)
  await node.post([event('a', 1), event('a', 14)].join('\n'))
  const { incarnation } = await node.status()
  const reader = await read(url, eventId(incarnation, 99))
  await eventually(() => expect(reader.messages.map((each) => each.event)).toEqual(['reset', 'window']))
  expect(reader.messages[0]!.data.code).toBe('beyond_end')
})

test('a word that is no id is refused, in the header and in the query', async () => {
  const { app } = await start()
  const asked = [
    await app.inject({ url: '/v1/stream', headers: { 'last-event-id': 'yesterday' } }),
    await app.inject('/v1/stream?from=yesterday'),
    await app.inject('/v1/stream?from='),
  ]
  for (const answer of asked)
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'invalid_event_id', retryable: false }])
  expect((await app.inject('/v1/stream?from=start&from=start')).json().code).toBe('invalid_query')
})

describe('the place of a reader', () => {
  const OURS = '11111111-2222-4333-8444-555555555555'
  const OTHER = '99999999-2222-4333-8444-555555555555'
  const log = { incarnation: OURS, first: 3, count: 10 }

  describe('a reader of the stream', () => {
    test('that names no id waits for the next final', () => {
      expect(placeOf(undefined, log)).toEqual({ next: 10 })
    })

    test('that names a window of this log goes on after it, also after the last one', () => {
      for (const number of [2, 3, 8, 9]) expect(placeOf(eventId(OURS, number), log)).toEqual({ next: number + 1 })
    })

    test('that asks for the start gets the oldest that is kept, by the word or by the -1 of former versions', () => {
      for (const id of ['start', '-1']) expect(placeOf(id, log)).toEqual({ next: 3 })
    })

    test('that names a window of another log gets everything and the reason, whatever the number', () => {
      for (const number of [0, 5, 99])
        expect(placeOf(eventId(OTHER, number), log)).toEqual({ next: 3, reset: 'other_log' })
    })

    test('that sends a bare number of a former version gets everything: the number names no log', () => {
      for (const id of ['0', '5', '99']) expect(placeOf(id, log)).toEqual({ next: 3, reset: 'other_log' })
    })

    test('that is ahead of the log gets everything and the reason', () => {
      for (const number of [10, 99])
        expect(placeOf(eventId(OURS, number), log)).toEqual({ next: 3, reset: 'beyond_end' })
    })

    test('that sends a word that is no id is told so', () => {
      const words = ['', 'Start', 'yesterday', '-2', '1.5', '0x1', OURS, '1_', '_1', '1_-1', '1_1 ', 'x1_1', '1-1']
      for (const word of [...words, `1_${'9'.repeat(16)}`]) expect([word, placeOf(word, log)]).toEqual([word, null])
    })

    test('that is cut off before its first window goes on where it began', () => {
      for (const next of [3, 5, 10]) expect(placeOf(idBefore(OURS, next), log)).toEqual({ next })
      expect(placeOf(idBefore(OURS, 0), { ...log, first: 0 })).toEqual({ next: 0 })
    })
  })
})
