import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { type Config, configSchema } from '../../../edge-node/config/config'
import { Keeper } from '../../../edge-node/http/access/keeper'
import { Streams } from '../../../edge-node/http/access/streams'
import { eventually } from '../../support/eventually'
import { event, type TestNode, testNodes } from '../../support/fixture'
import { certificateFiles } from '../../support/secret-files'

const { start, newFolder } = testNodes()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function listening(config: Partial<Config>) {
  const node = await start({ config })
  await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...node, port: (node.app.server.address() as AddressInfo).port }
}

/** A connection that sends what is given, and what came back until it was closed. */
async function dial(port: number, bytes: string) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let answer = ''
  socket.on('data', (data) => (answer += data)).on('error', () => undefined)
  const closed = once(socket, 'close').then(() => answer)
  socket.write(bytes)
  return { socket, closed, answer: () => answer }
}

const isServing = async ({ app }: Pick<TestNode, 'app'>) => (await app.inject('/healthz')).statusCode === 200

describe('S9 clients that hold connections (slow-loris)', () => {
  test('headers that do not end are cut off', async () => {
    const node = await listening({ headersTimeoutMs: 100, requestTimeoutMs: 200 })
    const { closed } = await dial(node.port, 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\nx-slow: ')
    expect(await closed).toMatch(/^HTTP\/1.1 408/)
    expect(await isServing(node)).toBe(true)
  })

  test('a body that does not end is cut off, and nothing of it counts', async () => {
    const node = await listening({ headersTimeoutMs: 100, requestTimeoutMs: 200 })
    const head = 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n'
    const { closed } = await dial(node.port, head + event('a', 1))
    expect(await closed).toMatch(/^HTTP\/1.1 408/)
    expect((await node.status()).events.accepted).toBe(0)
  })

  test('a connection that asks for nothing more is closed', async () => {
    const node = await listening({ idleConnectionMs: 100 })
    const { closed } = await dial(node.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(await closed).toMatch(/^HTTP\/1.1 200/)
  })
})

describe('S9 the same without a request', () => {
  test('a connection on which nothing ever comes is cut off', async () => {
    const node = await listening({ headersTimeoutMs: 100, requestTimeoutMs: 200 })
    const { closed } = await dial(node.port, '')
    expect(await closed).toMatch(/^HTTP\/1.1 408/)
  })

  test('and so is one that never begins with TLS', async () => {
    const node = await listening({ headersTimeoutMs: 100, ...(await certificateFiles(await newFolder())) })
    const { closed } = await dial(node.port, '')
    expect(await closed).toBe('')
  })
})

describe('S10 too much at once', () => {
  test('connections over the limit are closed, and those within go on', async () => {
    const node = await listening({ maxConnections: 2 })
    const first = await dial(node.port, 'GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await eventually(() => expect(first.answer()).toMatch(/^HTTP\/1.1 200/))
    const second = await dial(node.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await eventually(() => expect(second.answer()).toMatch(/^HTTP\/1.1 200/))
    const third = await dial(node.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(await third.closed).toBe('')
  })

  test('streams over the limit are refused until one ends', async () => {
    const node = await listening({ maxStreams: 1 })
    const ask = 'GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n'
    const first = await dial(node.port, ask)
    await eventually(() => expect(first.answer()).toMatch(/^HTTP\/1.1 200/))
    const second = await dial(node.port, ask)
    await eventually(() => expect(second.answer()).toMatch(/^HTTP\/1.1 503[\s\S]*too_many_streams/))
    first.socket.destroy()
    await eventually(async () => {
      const third = await dial(node.port, ask)
      await eventually(() => expect(third.answer()).toMatch(/^HTTP/))
      expect(third.answer()).toMatch(/^HTTP\/1.1 200/)
    })
  })

  test('only what is there of a stream can be asked for, not its headers alone: that would have no end', async () => {
    const { app } = await start()
    for (const url of ['/v1/stream', '/v1/live'])
      expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(405)
  })

  test('a stream that nobody reads is ended, and one that is read goes on', async () => {
    const keeper = new Keeper(configSchema.parse({}), pino({ level: 'silent' }))
    const streams = new Streams(2, keeper, 1)
    const stream = (writableNeedDrain: boolean) => ({
      raw: Object.defineProperty(new PassThrough(), 'writableNeedDrain', { value: writableNeedDrain }),
    })
    const [stalled, read] = [stream(true), stream(false)]
    for (const reply of [stalled, read]) {
      expect(streams.admit({} as FastifyRequest, reply as unknown as FastifyReply)).toBe(true)
    }
    await once(stalled.raw, 'close')
    expect(read.raw.destroyed).toBe(false)
    streams.close()
    keeper.close()
  })

  test('requests of one address over its rate are told to wait; others and loopback go on', async () => {
    const { app } = await start({ config: { maxRequestsPerSecond: 3, maxEventRequestsPerSecond: 5 } })
    const codes = async (url: string, remoteAddress: string, times: number) => {
      const method = url === '/v1/events' ? 'POST' : 'GET'
      const answers = Array.from({ length: times }, () =>
        app.inject({ method, url, remoteAddress, payload: event('a', 1) }),
      )
      return (await Promise.all(answers)).map(({ statusCode }) => statusCode)
    }
    const refused = async (...given: Parameters<typeof codes>) =>
      (await codes(...given)).filter((code) => code === 429).length
    expect(await refused('/v1/status', '10.0.0.7', 8)).toBeGreaterThanOrEqual(2)
    expect(await refused('/v1/events', '10.0.0.8', 15)).toBeGreaterThanOrEqual(5)
    expect(await refused('/v1/status', '10.0.0.9', 3)).toBe(0)
    expect(await refused('/v1/events', '127.0.0.1', 50)).toBe(0)
    expect(await refused('/v1/events', '::ffff:127.0.0.1', 50)).toBe(0)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => app.inject({ url: '/v1/status', remoteAddress: '10.0.0.10' })),
    )
    const [slowed] = answers.filter(({ statusCode }) => statusCode === 429)
    expect([slowed?.headers['retry-after'], slowed?.json()]).toMatchObject([
      '1',
      { code: 'rate_limited', retryable: true },
    ])
  })

  test('bodies over the memory for them are refused, and taken when there is room again', async () => {
    const node = await listening({ maxReceivingBytes: 3_000, maxBodyBytes: 2_000 })
    const half = await dial(node.port, 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1900\r\n\r\n{')
    const chunked = 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n'
    await eventually(async () => {
      const other = await dial(node.port, `${chunked}1\r\n{\r\n0\r\n\r\n`)
      await eventually(() => expect(other.answer()).toMatch(/^HTTP/))
      expect(other.answer()).toMatch(/^HTTP\/1.1 503[\s\S]*too_busy/)
    })
    expect((await node.post(event('a', 1))).statusCode).toBe(202)
    half.socket.destroy()
    await eventually(async () => {
      const other = await dial(node.port, `${chunked}1\r\n{\r\n0\r\n\r\n`)
      await eventually(() => expect(other.answer()).toMatch(/^HTTP/))
      expect(other.answer()).toMatch(/^HTTP\/1.1 400[\s\S]*invalid_json/) // it was read, and is no JSON
    })
  })
})

describe('S11 bodies that are more than they seem', () => {
  const limits = { maxBodyBytes: 100_000, maxLineBytes: 1_000, maxRequestLines: 50 }

  test('a gzip bomb is refused before it is unpacked', async () => {
    const { post, status } = await start({ config: limits })
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
    expect(bomb.length).toBeLessThan(limits.maxBodyBytes)
    const answer = await post(bomb, { 'content-encoding': 'gzip' })
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'body_too_large'])
    expect((await status()).events.accepted).toBe(0)
  })

  test('a body, a line, and many lines are bounded', async () => {
    const { post } = await start({ config: limits })
    const codeOf = async (body: string) => (await post(body)).json()
    expect(await codeOf('x'.repeat(100_001))).toMatchObject({ code: 'body_too_large' })
    expect(await codeOf('{}\n'.repeat(60))).toMatchObject({ code: 'too_many_lines' })
    expect(await codeOf(`"${'x'.repeat(2_000)}"\n${event('a', 1)}`)).toMatchObject({
      accepted: 1,
      rejected: [{ line: 1, code: 'line_too_long' }],
    })
  })
})
