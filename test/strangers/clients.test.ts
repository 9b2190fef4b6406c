import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { sliding } from '../../core/pipeline/window'
import { eventually } from '../support/eventually'
import { event, testNodes } from '../support/fixture'
import { ManualClock } from '../support/manual-clock'
import { MemoryCloud } from '../support/memory-cloud'
import { line, NEW_YEAR_MS, plainPipeline, send } from './whole-nodes'

const { start } = testNodes()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const LINE = event('a', 1)
const head = (headers: string) => `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
const PIECES = 'Transfer-Encoding: chunked\r\n'
const piece = (bytes: number) => `${bytes.toString(16)}\r\n${LINE}`

async function listening(config = {}) {
  const node = await start({ config })
  await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...node, port: (node.app.server.address() as AddressInfo).port }
}

async function dial(port: number) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let received = ''
  socket.on('data', (data) => (received += data)).on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, answers: () => received.match(/HTTP\/1\.1 \d{3}/g) ?? [] }
}

test('a connection that was idle for longer than headers may take goes on, also with its headers in two packets', async () => {
  const { port } = await listening({ headersTimeoutMs: 300, requestTimeoutMs: 400 })
  const { socket, answers } = await dial(port)
  for (const requests of [1, 2]) {
    socket.write(head(`Content-Length: ${LINE.length}\r\n`).slice(0, -2))
    await sleep(5)
    socket.write(`\r\n${LINE}`)
    await eventually(() => expect(answers()).toEqual(Array(requests).fill('HTTP/1.1 202')))
    await sleep(1_500) // the server looks for what takes too long more often than that
  }
})

test.each([
  ['ends within its pieces', PIECES, `${piece(LINE.length)}\r\n`],
  ['ends within a piece', PIECES, piece(9 * LINE.length)],
  ['ends before its size', `Content-Length: ${2 * LINE.length}\r\n`, LINE],
])('a request that %s counts nothing, and its retry under the key counts once', async (_what, headers, body) => {
  const { port, post, status } = await listening()
  for (const end of ['end', 'resetAndDestroy'] as const) {
    const { socket } = await dial(port)
    socket.write(head(`${headers}idempotency-key: once\r\n`) + body)
    await sleep(20) // so that some of it has arrived
    socket[end]()
    await once(socket, 'close')
  }
  expect((await status()).events.accepted).toBe(0)
  expect((await post(LINE, { 'idempotency-key': 'once' })).json()).toMatchObject({ accepted: 1 })
  expect((await status()).events.accepted).toBe(1)
})

describe('deliveries', () => {
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
})
