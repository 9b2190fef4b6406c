import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { REQUEST_ERRORS } from '../../../lab/docs/errors'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'

const { start } = testNodes()

async function listening() {
  const node = await start({ config: { headersTimeoutMs: 300, requestTimeoutMs: 300 } })
  await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...node, port: (node.app.server.address() as AddressInfo).port }
}

/** What comes back for these bytes once it is a whole answer. */
async function answerTo(port: number, bytes: string) {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.on('error', () => undefined)
  socket.write(Buffer.from(bytes, 'latin1'))
  return eventually(() => {
    expect(answer).toMatch(/\r\n\r\n\{.*\}$/)
    socket.destroy()
    const [head, body] = answer.split('\r\n\r\n') as [string, string]
    return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: JSON.parse(body) }
  })
}

const LINE = event('a', 1)
const post = (headers: string, body = '') => `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`
const SIZE = `Content-Length: ${LINE.length}\r\n`
const many = (count: number) => 'a:\r\n'.repeat(count)

describe('what cannot be read as HTTP has an answer of the one shape, and nothing of it counts', () => {
  test.each([
    ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', 'bad_request'],
    ['a size and pieces at once', post(`${SIZE}Transfer-Encoding: chunked\r\n`, '0\r\n\r\n'), 'bad_request'],
    ['two sizes', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'), 'bad_request'],
    ['no host', `POST /v1/events HTTP/1.1\r\n${SIZE}\r\n${LINE}`, 'bad_request'],
    ['a path that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n', 'bad_request'],
    ['a piece without a size', post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n'), 'bad_request'],
    ['a header that is too large', post(`X: ${'a'.repeat(20_000)}\r\n`), 'headers_too_large'],
    ['headers that are too many', post(many(1_100) + SIZE, LINE), 'headers_too_large'],
    ['an expectation that nobody knows', post(`Expect: a-thing\r\n${SIZE}`, LINE), 'unknown_expectation'],
    ['headers that do not end', 'POST /v1/events HTTP/1.1\r\nHost: loc', 'request_timeout'],
    ['a body that does not come', post('Content-Length: 500\r\n', LINE), 'request_timeout'],
    ['the request to be a proxy', 'CONNECT a.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 'method_not_allowed'],
  ] as const)('%s', async (_what, bytes, code) => {
    const node = await listening()
    const { status, retryable } = REQUEST_ERRORS[code]
    const answer = await answerTo(node.port, bytes)
    expect(answer).toMatchObject({ status, body: { code, message: expect.any(String), retryable } })
    expect(answer.head).toContain('content-type: application/json')
    expect((await node.status()).events.accepted).toBe(0)
  })

  test('a thousand headers are taken, and the body with them', async () => {
    const { port } = await listening()
    const answer = await answerTo(port, post(many(998) + SIZE, LINE))
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1 } })
  })

  test('an answer under way is not followed by another', async () => {
    const { port } = await listening()
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    socket.write('GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually(() => expect(answer).toContain('final windows'))
    socket.write('no HTTP at all\r\n\r\n')
    await once(socket, 'close')
    expect(answer).not.toContain('bad_request')
  })
})

test('a node that is stopping says so', async () => {
  const { app } = await start()
  let finish = () => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  app.addHook('preClose', () => held)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const closing = app.close()
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  await eventually(() => {
    socket.write(post(SIZE, LINE))
    expect(answer).toMatch(/^HTTP\/1.1 503[\s\S]*"code":"not_ready"/)
  })
  finish()
  await closing
  socket.destroy()
})
