import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import type { Config } from '../../../edge-node/config/config'
import { answerThenForget } from '../../../edge-node/ingest/rest-of-body'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { certificateFiles } from '../../support/secret-files'

const { start, newFolder } = testNodes()
const MB = 1_000_000
const TOO_LARGE = { code: 'body_too_large', retryable: false }

async function listening(config: Partial<Config> = {}) {
  const node = await start({ config: { maxBodyBytes: 100_000, ...config } })
  await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...node, port: (node.app.server.address() as AddressInfo).port }
}

/** Sends all of it before it looks at anything, as simple clients do. */
async function sendAllThenRead(port: number, head: string, body: Buffer) {
  const socket = connect(port, '127.0.0.1').pause()
  await once(socket, 'connect')
  let reset: Error | undefined
  socket.on('error', (error) => {
    reset = error
  })
  socket.write(head)
  if (!socket.write(body)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  let answer = ''
  socket
    .on('data', (data) => {
      answer += data
    })
    .resume()
  return { socket, answer: () => answer, reset: () => reset }
}

const head = (bytes: number, more = '') =>
  `POST /v1/events HTTP/1.1\r\nhost: localhost\r\n${more}content-length: ${bytes}\r\n\r\n`

describe('the answer to a body that is too large', () => {
  test('reaches a client that sends all of it before it reads, and the connection is good for the next request', async () => {
    const { port } = await listening()
    const client = await sendAllThenRead(port, head(40 * MB), Buffer.alloc(40 * MB, 'x'))
    await eventually(() => expect(client.answer()).toMatch(/^HTTP\/1.1 413[\s\S]*"code":"body_too_large"/))
    client.socket.write(head(event('a', 1).length) + event('a', 1))
    await eventually(() => expect(client.answer()).toMatch(/HTTP\/1.1 202/))
    expect(client.reset()).toBeUndefined()
    client.socket.destroy()
  })

  test('reaches one that wants to close the connection', async () => {
    const { port } = await listening()
    const client = await sendAllThenRead(port, head(40 * MB, 'connection: close\r\n'), Buffer.alloc(40 * MB, 'x'))
    await once(client.socket, 'close')
    expect(client.answer()).toMatch(/^HTTP\/1.1 413[\s\S]*"code":"body_too_large"/)
    expect(client.reset()).toBeUndefined()
  })

  test('reaches one that does not say the size before', async () => {
    const { port } = await listening()
    const chunked = 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n'
    const chunk = `${(MB).toString(16)}\r\n${'x'.repeat(MB)}\r\n`
    const client = await sendAllThenRead(port, chunked, Buffer.from(`${chunk.repeat(20)}0\r\n\r\n`))
    await eventually(() => expect(client.answer()).toMatch(/^HTTP\/1.1 413[\s\S]*"code":"body_too_large"/))
    client.socket.destroy()
  })

  test('reaches fetch', async () => {
    const { port } = await listening()
    const body = Buffer.alloc(20 * MB, 'x')
    for (let time = 0; time < 3; time++) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, { method: 'POST', body })
      expect([answer.status, await answer.json()]).toMatchObject([413, TOO_LARGE])
    }
  })

  test('reaches one that speaks TLS', async () => {
    const { port } = await listening(await certificateFiles(await newFolder()))
    const options = { port, host: '127.0.0.1', path: '/v1/events', method: 'POST', rejectUnauthorized: false }
    const sent = secureRequest({ ...options, agent: false, headers: { 'content-length': 20 * MB } })
    const closed = once(sent, 'close') // rejects when the connection is reset
    sent.end(Buffer.alloc(20 * MB, 'x'))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    expect([response.statusCode, JSON.parse(await text(response))]).toMatchObject([413, TOO_LARGE])
    await closed
  })

  test('comes at once, while the body is still being sent', async () => {
    const { port } = await listening()
    const client = await sendAllThenRead(port, head(40 * MB), Buffer.from('x'))
    await eventually(() => expect(client.answer()).toMatch(/^HTTP\/1.1 413[\s\S]*"retryable":false\}$/))
    client.socket.destroy()
  })
})

test('a refused body is read up to a bound, and then the connection ends', async () => {
  const request = new PassThrough() as unknown as IncomingMessage & PassThrough
  const answer = answerThenForget('no', request, 1_000)
  const whole = text(answer)
  request.write(Buffer.alloc(900))
  await eventually(() => expect(request.readableLength).toBe(0))
  expect(request.destroyed).toBe(false)
  request.write(Buffer.alloc(200))
  expect(await whole).toBe('no')
  expect(request.destroyed).toBe(true)
})

/** Asks whether to send the body; sends it when told to. */
async function asking(port: number, bytes: number, body: string, path = '/v1/events') {
  const headers = { expect: '100-continue', 'content-length': bytes }
  const sent = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers })
  let continued = false
  sent.on('continue', () => {
    continued = true
    sent.end(body)
  })
  sent.flushHeaders()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const answer = JSON.parse(await text(response))
  sent.destroy()
  return { status: response.statusCode, answer, continued }
}

describe('a client that asks before it sends (Expect: 100-continue)', () => {
  test('is told to send what can be taken', async () => {
    const { port } = await listening()
    const body = event('a', 1)
    const asked = await asking(port, body.length, body)
    expect(asked).toMatchObject({ status: 202, continued: true, answer: { accepted: 1 } })
  })

  test('gets the refusal of a body that is too large without sending it', async () => {
    const { port } = await listening()
    expect(await asking(port, 40 * MB, '')).toMatchObject({ status: 413, continued: false, answer: TOO_LARGE })
  })

  test('gets the refusal of a route that is not there without sending its body', async () => {
    const { port } = await listening()
    expect(await asking(port, 100, '', '/v1/nothing')).toMatchObject({ status: 404, continued: false })
  })
})
