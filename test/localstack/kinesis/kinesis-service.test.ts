import { beforeEach, describe, expect, test } from '@jest/globals'
import { kinesisService } from '../../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'

const START_MS = 1_700_000_000_000
const MINUTE_MS = 60_000
const KIB = 1024

let nowMs = START_MS
let service = kinesisService(new KinesisStore(), () => nowMs)

beforeEach(() => {
  nowMs = START_MS
  service = kinesisService(new KinesisStore(), () => nowMs)
})

interface WireRecord {
  readonly PartitionKey?: string
  readonly SequenceNumber?: string
  readonly ErrorCode?: string
  readonly ErrorMessage?: string
}

/** The fields of all answers that these tests look at. */
interface Answer {
  readonly status: number
  readonly body: {
    readonly __type?: string
    readonly message?: string
    readonly FailedRecordCount?: number
    readonly MillisBehindLatest?: number
    readonly NextShardIterator?: string
    readonly NextToken?: string
    readonly Records?: readonly WireRecord[]
    readonly ShardIterator?: string
    readonly Shards?: readonly object[]
    readonly StreamDescriptionSummary?: object
  }
}

async function call(verb: string, input: object, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await service({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${verb}`, ...headers },
    body: Buffer.from(JSON.stringify(input)),
  })
  return { status: answer.status, body: JSON.parse(String(answer.body) || '{}') }
}

function record(PartitionKey: string, bytes = 3, more: object = {}) {
  return { PartitionKey, Data: Buffer.alloc(bytes).toString('base64'), ...more }
}

async function create(ShardCount = 1) {
  await call('CreateStream', { StreamName: 'burst', ShardCount })
}

async function iterator(more: object = {}, shard = 0): Promise<string> {
  const input = {
    StreamName: 'burst',
    ShardId: `shardId-00000000000${shard}`,
    ShardIteratorType: 'TRIM_HORIZON',
    ...more,
  }
  return (await call('GetShardIterator', input)).body.ShardIterator!
}

const MIB = 1024 * KIB

describe('what AWS refuses is refused with its error', () => {
  const tooMany = Array.from({ length: 501 }, () => record('k'))
  const tooLarge = Array.from({ length: 11 }, () => record('k', MIB - 10))
  const refused: readonly [string, string, object, string][] = [
    ['a stream that is not there', 'PutRecord', { StreamName: 'none', ...record('k') }, 'ResourceNotFoundException'],
    [
      'a stream that is there already',
      'CreateStream',
      { StreamName: 'burst', ShardCount: 1 },
      'ResourceInUseException',
    ],
    ['no stream at all', 'DescribeStream', {}, 'InvalidArgumentException'],
    [
      'the ARN of another region',
      'DescribeStream',
      { StreamARN: 'arn:aws:kinesis:eu-west-1:000000000000:stream/burst' },
      'ResourceNotFoundException',
    ],
    ['a name with a space', 'CreateStream', { StreamName: 'a b', ShardCount: 1 }, 'ValidationException'],
    ['a provisioned stream without shards', 'CreateStream', { StreamName: 'b' }, 'InvalidArgumentException'],
    [
      'a strategy that is not embedded',
      'CreateStream',
      { StreamName: 'b', ShardCount: 1, RecordDistributionStrategy: 'AUTO' },
      'InvalidArgumentException',
    ],
    [
      'a record over 1 MiB with its partition key',
      'PutRecord',
      { StreamName: 'burst', ...record('k', MIB) },
      'ValidationException',
    ],
    ['501 records in one request', 'PutRecords', { StreamName: 'burst', Records: tooMany }, 'ValidationException'],
    [
      'more than 10 MiB in one request',
      'PutRecords',
      { StreamName: 'burst', Records: tooLarge },
      'InvalidArgumentException',
    ],
    ['no records', 'PutRecords', { StreamName: 'burst', Records: [] }, 'ValidationException'],
    ['a record without partition key', 'PutRecord', { StreamName: 'burst', Data: 'AAAA' }, 'ValidationException'],
    [
      'a partition key of 257 characters',
      'PutRecord',
      { StreamName: 'burst', ...record('k'.repeat(257)) },
      'ValidationException',
    ],
    [
      'data that is not base64',
      'PutRecord',
      { StreamName: 'burst', PartitionKey: 'k', Data: '!' },
      'SerializationException',
    ],
    [
      'a hash key of 2^128',
      'PutRecord',
      { StreamName: 'burst', ...record('k', 3, { ExplicitHashKey: String(2n ** 128n) }) },
      'InvalidArgumentException',
    ],
    ['a dry run', 'PutRecord', { StreamName: 'burst', ...record('k'), DryRun: true }, 'DryRunOperationException'],
    [
      'a shard that is not there',
      'GetShardIterator',
      { StreamName: 'burst', ShardId: 'shardId-000000000009', ShardIteratorType: 'LATEST' },
      'ResourceNotFoundException',
    ],
    [
      'a sequence number of no record',
      'GetShardIterator',
      {
        StreamName: 'burst',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber: '5',
      },
      'InvalidArgumentException',
    ],
    ['an iterator that is none', 'GetRecords', { ShardIterator: 'AAAA' }, 'InvalidArgumentException'],
    ['a verb that is not embedded', 'SplitShard', { StreamName: 'burst' }, 'UnknownOperationException'],
  ]

  test.each(refused)('%s', async (_what, verb, input, code) => {
    await create()
    const answer = await call(verb, input)
    expect(answer.status).toBe(400)
    expect(answer.body.__type).toBe(code)
    expect(answer.body.message).toBeTruthy()
  })

  test('a body in CBOR', async () => {
    const answer = await call('ListStreams', {}, { 'content-type': 'application/x-amz-cbor-1.1' })
    expect(answer.body.__type).toBe('SerializationException')
  })

  test('a target of another service', async () => {
    const answer = await call('ListTables', {}, { 'x-amz-target': 'DynamoDB_20120810.ListTables' })
    expect(answer.body.__type).toBe('UnknownOperationException')
  })
})

describe('PutRecords', () => {
  test('a full shard fails single records inside an HTTP 200, each in its place', async () => {
    await create()
    const Records = Array.from({ length: 5 }, () => record('k', 300 * KIB))
    const { status, body } = await call('PutRecords', { StreamName: 'burst', Records })
    const answers = body.Records!
    expect(status).toBe(200)
    expect(body.FailedRecordCount).toBe(2)
    expect(answers.map(({ ErrorCode }) => ErrorCode ?? 'stored')).toEqual([
      'stored',
      'stored',
      'stored',
      'ProvisionedThroughputExceededException',
      'ProvisionedThroughputExceededException',
    ])
    expect(answers[4]?.ErrorMessage).toBe(
      'Rate exceeded for shard shardId-000000000000 in stream burst under account 000000000000.',
    )
  })

  test('a record that is throttled does not stop the records after it', async () => {
    await create(2)
    const high = { ExplicitHashKey: String(2n ** 128n - 1n) }
    const low = { ExplicitHashKey: '0' }
    const Records = [record('k', 900 * KIB, low), record('k', 900 * KIB, low), record('k', 900 * KIB, high)]
    const { body } = await call('PutRecords', { StreamName: 'burst', Records })
    expect(body.Records!.map(({ ErrorCode }) => ErrorCode !== undefined)).toEqual([false, true, false])
  })

  test('what was throttled is taken a second later', async () => {
    await create()
    await call('PutRecords', { StreamName: 'burst', Records: Array.from({ length: 4 }, () => record('k', 300 * KIB)) })
    nowMs += 1000
    expect(
      (await call('PutRecords', { StreamName: 'burst', Records: [record('k', 300 * KIB)] })).body.FailedRecordCount,
    ).toBe(0)
  })

  test('one bad record refuses the whole request and stores nothing', async () => {
    await create()
    await call('PutRecords', { StreamName: 'burst', Records: [record('k'), record('k', MIB)] })
    expect((await call('GetRecords', { ShardIterator: await iterator() })).body.Records).toEqual([])
  })
})

test('PutRecord to a full shard is an error', async () => {
  await create()
  await call('PutRecord', { StreamName: 'burst', ...record('k', 900 * KIB) })
  const { status, body } = await call('PutRecord', { StreamName: 'burst', ...record('k', 900 * KIB) })
  expect([status, body.__type]).toEqual([400, 'ProvisionedThroughputExceededException'])
})

describe('GetRecords', () => {
  test('reads on from where it stopped and says how far behind it is', async () => {
    await create()
    await call('PutRecords', { StreamName: 'burst', Records: ['a', 'b', 'c'].map((key) => record(key)) })
    nowMs += 2000
    const first = await call('GetRecords', { ShardIterator: await iterator(), Limit: 2 })
    nowMs += 1000
    const second = await call('GetRecords', { ShardIterator: first.body.NextShardIterator })
    expect(first.body.Records!.map(({ PartitionKey }) => PartitionKey)).toEqual(['a', 'b'])
    expect(first.body.MillisBehindLatest).toBe(2000)
    expect(second.body).toMatchObject({
      MillisBehindLatest: 0,
      Records: [{ PartitionKey: 'c', ApproximateArrivalTimestamp: START_MS / 1000 }],
    })
  })

  test('a shard serves five reads in a second', async () => {
    await create()
    const ShardIterator = await iterator()
    const statuses: number[] = []
    for (let count = 0; count < 6; count += 1) statuses.push((await call('GetRecords', { ShardIterator })).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 400])
  })

  test('a read of 10 MiB blocks the shard for five seconds', async () => {
    await create()
    for (let count = 0; count < 10; count += 1, nowMs += 1000) {
      await call('PutRecord', { StreamName: 'burst', ...record('k', MIB - 1) })
    }
    const ShardIterator = await iterator()
    expect((await call('GetRecords', { ShardIterator })).body.Records).toHaveLength(10)
    nowMs += 4990
    expect((await call('GetRecords', { ShardIterator })).body.__type).toBe('ProvisionedThroughputExceededException')
    nowMs += 10
    expect((await call('GetRecords', { ShardIterator })).status).toBe(200)
  })

  test('reads within the 2 MiB of a second may follow each other at once, and what goes beyond blocks the shard', async () => {
    await create()
    for (let count = 0; count < 3; count += 1, nowMs += 1000)
      await call('PutRecord', { StreamName: 'burst', ...record('k', MIB - 1) })
    const read = async (ShardIterator: string | undefined) => call('GetRecords', { ShardIterator, Limit: 1 })
    const first = await read(await iterator())
    const second = await read(first.body.NextShardIterator)
    expect(second.body.Records).toHaveLength(1)
    expect((await read(second.body.NextShardIterator)).body.__type).toBe('ProvisionedThroughputExceededException')
    nowMs += 999
    expect((await read(second.body.NextShardIterator)).body.__type).toBe('ProvisionedThroughputExceededException')
    nowMs += 1
    expect((await read(second.body.NextShardIterator)).body.Records).toHaveLength(1)
  })

  test('an iterator lives five minutes', async () => {
    await create()
    const ShardIterator = await iterator()
    nowMs += 5 * MINUTE_MS
    expect((await call('GetRecords', { ShardIterator })).status).toBe(200)
    nowMs += 1
    expect((await call('GetRecords', { ShardIterator })).body.__type).toBe('ExpiredIteratorException')
  })

  test('an iterator of a deleted stream does not read its successor', async () => {
    await create()
    const ShardIterator = await iterator()
    await call('DeleteStream', { StreamName: 'burst' })
    await create()
    expect((await call('GetRecords', { ShardIterator })).body.__type).toBe('ResourceNotFoundException')
  })

  test('an iterator can start at or after a sequence number', async () => {
    await create()
    const put = await call('PutRecords', { StreamName: 'burst', Records: ['a', 'b', 'c'].map((key) => record(key)) })
    const StartingSequenceNumber = put.body.Records![1]?.SequenceNumber
    const keysFrom = async (ShardIteratorType: string) => {
      const read = await call('GetRecords', {
        ShardIterator: await iterator({ ShardIteratorType, StartingSequenceNumber }),
      })
      nowMs += 1000
      return read.body.Records!.map(({ PartitionKey }) => PartitionKey)
    }
    expect(await keysFrom('AT_SEQUENCE_NUMBER')).toEqual(['b', 'c'])
    expect(await keysFrom('AFTER_SEQUENCE_NUMBER')).toEqual(['c'])
  })
})

describe('describing', () => {
  test('streams are listed in pages', async () => {
    for (const StreamName of ['c', 'a', 'b']) await call('CreateStream', { StreamName, ShardCount: 1 })
    const first = await call('ListStreams', { Limit: 2 })
    const second = await call('ListStreams', { NextToken: first.body.NextToken })
    expect(first.body).toMatchObject({ StreamNames: ['a', 'b'], HasMoreStreams: true })
    expect(second.body).toMatchObject({ StreamNames: ['c'], HasMoreStreams: false })
  })

  test('shards are listed in pages and cover all hash keys', async () => {
    await create(3)
    const first = await call('ListShards', { StreamName: 'burst', MaxResults: 2 })
    const second = await call('ListShards', { NextToken: first.body.NextToken })
    const shards = [...first.body.Shards!, ...second.body.Shards!]
    expect(shards).toHaveLength(3)
    expect(shards[0]).toMatchObject({ ShardId: 'shardId-000000000000', HashKeyRange: { StartingHashKey: '0' } })
    expect(shards[2]).toMatchObject({ HashKeyRange: { EndingHashKey: String(2n ** 128n - 1n) } })
    expect(second.body.NextToken).toBeUndefined()
  })

  test('an on-demand stream is described with its mode and four open shards', async () => {
    await call('CreateStream', { StreamName: 'burst', StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
    const { body } = await call('DescribeStreamSummary', {
      StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/burst',
    })
    expect(body.StreamDescriptionSummary).toMatchObject({
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      OpenShardCount: 4,
      RetentionPeriodHours: 24,
    })
  })
})
