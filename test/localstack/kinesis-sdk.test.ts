import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  ProvisionedThroughputExceededException,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { kinesisService } from '../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../localstack/embedded/kinesis/kinesis-store'
import { type KinesisServer, serveKinesis } from './kinesis-server'

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
