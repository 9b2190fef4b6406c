import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  ProvisionedThroughputExceededException,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler'
import { kinesisService } from '../../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../../localstack/embedded/start'
import { protocolOf } from '../../../localstack/embedded/two-protocols'
import { type KinesisServer, serveKinesis } from './kinesis-server'

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

describe('the SDK against Kinesis', () => {
  const START_MS = 1_700_000_000_000
  const KIB = 1024

  let nowMs = START_MS
  let service = kinesisService(new KinesisStore(), () => nowMs)
  let server: KinesisServer
  let client: KinesisClient

  beforeAll(async () => {
    server = await serveKinesis(() => service)
    client = server.client
  })

  beforeEach(async () => {
    nowMs = START_MS
    service = kinesisService(new KinesisStore(), () => nowMs)
    await client.send(new CreateStreamCommand({ StreamName: 'burst', ShardCount: 2 }))
  })

  afterAll(() => server.stop())

  async function shardRecords(ShardId: string) {
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName: 'burst', ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    return (await client.send(new GetRecordsCommand({ ShardIterator }))).Records ?? []
  }

  describe('the SDK client of AWS, unchanged but for its endpoint', () => {
    test('finds the stream that it made', async () => {
      await waitUntilStreamExists({ client, maxWaitTime: 11 }, { StreamName: 'burst' })
      const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: 'burst' }))
      expect(StreamDescriptionSummary).toMatchObject({ StreamStatus: 'ACTIVE', OpenShardCount: 2 })
      expect(StreamDescriptionSummary?.StreamCreationTimestamp).toEqual(new Date(START_MS))
      expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual(['burst'])
      expect((await client.send(new ListShardsCommand({ StreamName: 'burst' }))).Shards).toHaveLength(2)
    })

    test('gets back the bytes that it put, with key, time and sequence number', async () => {
      const Data = Buffer.from([0, 1, 2, 253, 254, 255])
      const put = await client.send(new PutRecordCommand({ StreamName: 'burst', PartitionKey: 'ключ', Data }))
      const [record] = await shardRecords(put.ShardId!)
      expect(Buffer.from(record!.Data!)).toEqual(Data)
      expect(record).toMatchObject({
        PartitionKey: 'ключ',
        SequenceNumber: put.SequenceNumber,
        ApproximateArrivalTimestamp: new Date(START_MS),
      })
    })

    test('sees throttled records as failures of single records, and stores exactly those when it sends them again', async () => {
      const entries = Array.from({ length: 10 }, (_, index) => ({
        PartitionKey: `key-${index}`,
        ExplicitHashKey: '0',
        Data: Buffer.alloc(150 * KIB, index),
      }))
      const first = await client.send(new PutRecordsCommand({ StreamName: 'burst', Records: entries }))
      expect(first.FailedRecordCount).toBe(4)
      expect(
        first.Records?.filter(({ ErrorCode }) => ErrorCode === 'ProvisionedThroughputExceededException'),
      ).toHaveLength(4)

      nowMs += 1000
      const failed = entries.filter((_, index) => first.Records?.[index]?.ErrorCode !== undefined)
      const second = await client.send(new PutRecordsCommand({ StreamName: 'burst', Records: failed }))
      expect(second.FailedRecordCount).toBe(0)
      const keys = (await shardRecords('shardId-000000000000')).map(({ PartitionKey }) => PartitionKey)
      expect(keys).toEqual(entries.map(({ PartitionKey }) => PartitionKey))
    })

    test('sees a throttled PutRecord as the exception of AWS', async () => {
      const put = () =>
        client.send(new PutRecordCommand({ StreamName: 'burst', PartitionKey: 'k', Data: Buffer.alloc(900 * KIB) }))
      await put()
      await expect(put()).rejects.toBeInstanceOf(ProvisionedThroughputExceededException)
    })

    test('sees a stream that is gone as the exception of AWS', async () => {
      await client.send(new DeleteStreamCommand({ StreamName: 'burst' }))
      const describe = client.send(new DescribeStreamSummaryCommand({ StreamName: 'burst' }))
      await expect(describe).rejects.toBeInstanceOf(ResourceNotFoundException)
      await expect(describe).rejects.toThrow('Stream burst under account 000000000000 not found.')
    })
  })
})
