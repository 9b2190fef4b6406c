import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually'
import { event, testNodes } from '../support/fixture'

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
