import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { CreateStreamCommand, KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { protocolOf } from '../../localstack/embedded/two-protocols'

describe('the protocol of a connection', () => {
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

  test.each([
    [preface, 'http2'],
    ['PRI * HTTP/2.0', 'http2'],
    ['PRI * HTTP/1.1\r\n', 'http1'],
    ['POST / HTTP/1.1\r\n', 'http1'],
    ['PU', 'http1'],
    ['G', 'http1'],
  ])('%j shows it', (first, protocol) => {
    expect(protocolOf(Buffer.from(first))).toBe(protocol)
  })

  test('is open while the bytes could begin both', () => {
    for (let length = 0; length < 'PRI * HTTP/2.0'.length; length++)
      expect(protocolOf(Buffer.from(preface.slice(0, length)))).toBeUndefined()
  })
})

describe('one port without TLS', () => {
  let cloud: EmbeddedCloud
  let port: number

  beforeAll(async () => {
    cloud = await startEmbeddedCloud({ port: 0 })
    port = Number(new URL(cloud.endpoint).port)
  })
  afterAll(() => cloud.stop())

  test('answers a client of HTTP/2 and one of HTTP/1.1 from the same stock', async () => {
    const client = (requestHandler: NodeHttpHandler | NodeHttp2Handler) =>
      new KinesisClient({
        region: 'us-east-1',
        endpoint: cloud.endpoint,
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        requestHandler,
      })
    const [http2, http1] = [client(new NodeHttp2Handler()), client(new NodeHttpHandler())]
    await http2.send(new CreateStreamCommand({ StreamName: 'burst', ShardCount: 1 }))
    expect((await http1.send(new ListStreamsCommand({}))).StreamNames).toEqual(['burst'])
    expect((await http2.send(new ListStreamsCommand({}))).StreamNames).toEqual(['burst'])
    http1.destroy()
    http2.destroy()
  })

  test('waits for the rest of a beginning that could be both', async () => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const answer = textOf(socket)
    const request = 'PUT /bucket HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'
    socket.write(request.slice(0, 1))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write(request.slice(1))
    expect(await answer).toMatch(/^HTTP\/1\.1 \d+/)
  })

  test('answers a client that has ended its own side', async () => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    const answer = textOf(socket)
    socket.end('GET /_spillway/stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect(await answer).toMatch(/^HTTP\/1\.1 200/)
  })

  test('lets go of a client that ends before it has said what it speaks', async () => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.end('PRI')
    expect(await textOf(socket)).toBe('')
  })

  test('ends connections of both that are still open when it is stopped', async () => {
    const other = await startEmbeddedCloud({ port: 0 })
    const session = connectHttp2(other.endpoint)
    await new Promise((resolve) => session.once('remoteSettings', resolve))
    const silent = connect({ host: '127.0.0.1', port: Number(new URL(other.endpoint).port) })
    await new Promise((resolve) => silent.once('connect', resolve))
    const ended = [session, silent].map((each) => new Promise((resolve) => each.once('close', resolve)))
    silent.resume()
    await other.stop()
    await Promise.all(ended)
  })
})

async function textOf(socket: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk.toString()
  return text
}
