import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  type ShardFilter,
  UpdateShardCountCommand,
  UpdateStreamWarmThroughputCommand,
} from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { kinesisService } from '../../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { evenRanges, HASH_KEYS } from '../../../localstack/embedded/kinesis/limits'
import { reshardSteps } from '../../../localstack/embedded/kinesis/resharding'
import { type KinesisServer, serveKinesis } from './kinesis-server'

const START_MS = 1_700_000_000_000
const DAY_MS = 24 * 3_600_000
const UPDATED_MS = 2000 // longer than a stream is UPDATING

let nowMs = START_MS
let service = kinesisService(new KinesisStore(), () => nowMs)
let server: KinesisServer
let client: KinesisClient

beforeAll(async () => {
  server = await serveKinesis(() => service)
  client = server.client
})
afterAll(() => server.stop())
beforeEach(async () => {
  nowMs = START_MS
  service = kinesisService(new KinesisStore(), () => nowMs)
  await client.send(new CreateStreamCommand({ StreamName: 'burst', ShardCount: 2 }))
})

const update = (TargetShardCount: number, StreamName = 'burst') =>
  client.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }))
const warm = (StreamName: string, WarmThroughputMiBps: number) =>
  client.send(new UpdateStreamWarmThroughputCommand({ StreamName, WarmThroughputMiBps }))
const summary = async (StreamName = 'burst') =>
  (await client.send(new DescribeStreamSummaryCommand({ StreamName }))).StreamDescriptionSummary
const shards = async (filter?: ShardFilter) =>
  (await client.send(new ListShardsCommand({ StreamName: 'burst', ...(filter && { ShardFilter: filter }) }))).Shards!
const shardNumbers = async (filter?: ShardFilter) =>
  (await shards(filter)).map(({ ShardId }) => Number(ShardId!.slice(8)))
const idOf = (index: number) => `shardId-${String(index).padStart(12, '0')}`
const put = async (text: string) =>
  (await client.send(new PutRecordCommand({ StreamName: 'burst', PartitionKey: text, Data: Buffer.from(text) })))
    .ShardId!

async function readFrom(shardId: string) {
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: 'burst', ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  return client.send(new GetRecordsCommand({ ShardIterator }))
}

describe('UpdateShardCount', () => {
  test('is UPDATING for a short while, and no other update is taken meanwhile', async () => {
    expect(await update(4)).toMatchObject({ StreamName: 'burst', CurrentShardCount: 2, TargetShardCount: 4 })
    expect(await summary()).toMatchObject({ StreamStatus: 'UPDATING' })
    await expect(update(8)).rejects.toMatchObject({ name: 'ResourceInUseException' })
    nowMs += UPDATED_MS
    expect(await summary()).toMatchObject({ StreamStatus: 'ACTIVE', OpenShardCount: 4 })
  })

  test('closes the parents and opens their children, which the list of shards shows', async () => {
    await update(4)
    const all = await shards()
    expect(all.map(({ ParentShardId }) => ParentShardId)).toEqual([
      ...[undefined, undefined],
      ...[idOf(0), idOf(0), idOf(1), idOf(1)],
    ])
    const isClosed = all.map(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber !== undefined)
    expect(isClosed).toEqual([true, true, false, false, false, false])
    nowMs += UPDATED_MS
    await update(2)
    expect((await shards()).slice(6)).toMatchObject([
      { ParentShardId: idOf(2), AdjacentParentShardId: idOf(3) },
      { ParentShardId: idOf(4), AdjacentParentShardId: idOf(5) },
    ])
  })

  test('shards are listed as they were at a time, from then on, or now', async () => {
    nowMs += 1000
    await update(4)
    nowMs += UPDATED_MS
    expect(await shardNumbers({ Type: 'AT_LATEST' })).toEqual([2, 3, 4, 5])
    expect(await shardNumbers({ Type: 'AT_TRIM_HORIZON' })).toEqual([0, 1])
    expect(await shardNumbers({ Type: 'FROM_TRIM_HORIZON' })).toEqual([0, 1, 2, 3, 4, 5])
    expect(await shardNumbers({ Type: 'AT_TIMESTAMP', Timestamp: new Date(START_MS + 500) })).toEqual([0, 1])
    expect(await shardNumbers({ Type: 'FROM_TIMESTAMP', Timestamp: new Date(START_MS + 2000) })).toEqual([2, 3, 4, 5])
  })

  test('a closed shard is read to its end, where it names its children instead of a next iterator', async () => {
    const parent = await put('before')
    await update(4)
    const child = await put('before')
    const read = await readFrom(parent)
    expect(read.Records).toHaveLength(1)
    expect(read.NextShardIterator ?? null).toBeNull()
    const children = read.ChildShards?.map(({ ShardId }) => ShardId)
    expect(children).toHaveLength(2)
    expect(children).toContain(child)
    expect((await readFrom(child)).NextShardIterator).toEqual(expect.any(String))
  })

  test('new shards have the limits of shards', async () => {
    const fill = async () => {
      const Records = Array.from({ length: 10 }, (_, index) => ({
        PartitionKey: 'k',
        ExplicitHashKey: String((BigInt(index) * 2n ** 128n) / 10n),
        Data: Buffer.alloc(1_000_000),
      }))
      return 10 - (await client.send(new PutRecordsCommand({ StreamName: 'burst', Records }))).FailedRecordCount!
    }
    expect(await fill()).toBe(2)
    await update(4)
    expect(await fill()).toBe(4)
  })

  test.each([
    [5, 'UpdateShardCount cannot scale up over double'],
    [201, 'UpdateShardCount cannot scale up over double'],
  ])('to %i shards is refused', async (target, message) => {
    await expect(update(target)).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: expect.stringContaining(message),
    })
  })

  test('to fewer than half is refused', async () => {
    await update(3)
    nowMs += UPDATED_MS
    await expect(update(1)).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: expect.stringContaining('below half'),
    })
    expect(await update(2)).toMatchObject({ CurrentShardCount: 3 })
  })

  test('is taken ten times within 24 hours', async () => {
    for (let call = 0; call < 10; call += 1) {
      await update(call % 2 === 0 ? 4 : 2)
      nowMs += UPDATED_MS
    }
    await expect(update(4)).rejects.toMatchObject({ name: 'LimitExceededException' })
    nowMs = START_MS + DAY_MS
    expect(await update(4)).toMatchObject({ TargetShardCount: 4 })
  })

  test('over the quota of shards is refused, and costs none of the ten', async () => {
    await client.send(new CreateStreamCommand({ StreamName: 'large', ShardCount: 150 }))
    await expect(update(300, 'large')).rejects.toMatchObject({ name: 'LimitExceededException' })
  })

  test('is only for provisioned streams and uniform scaling', async () => {
    await client.send(new CreateStreamCommand({ StreamName: 'od', StreamModeDetails: { StreamMode: 'ON_DEMAND' } }))
    await expect(update(8, 'od')).rejects.toMatchObject({ name: 'ValidationException' })
    const other = new UpdateShardCountCommand({
      StreamName: 'burst',
      TargetShardCount: 4,
      ScalingType: 'OTHER' as never,
    })
    await expect(client.send(other)).rejects.toMatchObject({ name: 'ValidationException' })
  })
})

describe('UpdateStreamWarmThroughput', () => {
  test('is not for a provisioned stream', async () => {
    await expect(warm('burst', 10)).rejects.toMatchObject({ name: 'ValidationException' })
  })

  test('gives an on-demand stream the shards for it, and takes them back', async () => {
    await client.send(new CreateStreamCommand({ StreamName: 'od', StreamModeDetails: { StreamMode: 'ON_DEMAND' } }))
    expect((await summary('od'))?.WarmThroughput).toBeUndefined()
    expect((await warm('od', 10)).WarmThroughput).toEqual({ TargetMiBps: 10, CurrentMiBps: 10 })
    await expect(warm('od', 12)).rejects.toMatchObject({ name: 'ResourceInUseException' })
    nowMs += UPDATED_MS
    expect(await summary('od')).toMatchObject({ OpenShardCount: 10, WarmThroughput: { TargetMiBps: 10 } })
    await warm('od', 0)
    expect(await summary('od')).toMatchObject({ OpenShardCount: 4, WarmThroughput: { TargetMiBps: 0 } })
  })
})

describe('resharding', () => {
  const START_MS = 1_700_000_000_000

  function streamOf(shardCount: number) {
    const store = new KinesisStore()
    const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount } }, START_MS)
    return { store, stream }
  }

  describe('the steps of a resharding', () => {
    const kindsOf = (from: number, to: number) => reshardSteps(evenRanges(from), to).map(({ kind }) => kind)

    test('doubling splits each shard once', () => {
      for (const count of [1, 2, 3, 5, 7]) expect(kindsOf(count, 2 * count)).toEqual(Array(count).fill('split'))
    })

    test('halving merges each pair once', () => {
      for (const count of [1, 2, 3, 5, 7]) expect(kindsOf(2 * count, count)).toEqual(Array(count).fill('merge'))
    })

    test('the same count takes no step', () => {
      expect(kindsOf(3, 3)).toEqual([])
    })

    test('other counts go by short-lived shards', () => {
      expect(kindsOf(2, 3)).toEqual(['split', 'split', 'merge'])
    })
  })

  describe('a stream that is resharded', () => {
    const anyTargets = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 })
    const anyHashKey = fc.bigInt({ min: 0n, max: HASH_KEYS - 1n })

    test('has as many open shards as wanted, nearly even, and each hash key in exactly one', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 6 }), anyTargets, anyHashKey, (shardCount, targets, hashKey) => {
          const { store, stream } = streamOf(shardCount)
          for (const target of targets) {
            store.reshard(stream, target, START_MS)
            const widths = stream.open.map(({ range }) => Number(range.end - range.start) / 2 ** 128)
            expect(widths).toHaveLength(target)
            for (const width of widths) expect(width).toBeCloseTo(1 / target, 6)
            const owners = stream.open.filter(({ range }) => range.start <= hashKey && hashKey <= range.end)
            expect(owners).toEqual([stream.shardFor(hashKey)])
          }
        }),
        { numRuns: 50 },
      )
    })

    test('gives each key growing sequence numbers, whatever shard it is in', () => {
      fc.assert(
        fc.property(anyTargets, fc.string({ minLength: 1 }), (targets, partitionKey) => {
          const { store, stream } = streamOf(2)
          const put = () => store.put(stream, { partitionKey, data: '', bytes: 1 }, undefined, START_MS)
          const outcomes = [put(), put()]
          for (const target of targets) {
            store.reshard(stream, target, START_MS)
            outcomes.push(put(), put())
          }
          const numbers = outcomes.map((outcome) => (outcome.kind === 'stored' ? outcome.sequenceNumber : ''))
          expect(numbers).toEqual([...new Set(numbers)].sort())
        }),
        { numRuns: 50 },
      )
    })

    test('every shard but the first has parents, which were closed when it was opened', () => {
      const { store, stream } = streamOf(2)
      store.reshard(stream, 4, START_MS)
      store.reshard(stream, 3, START_MS + 1)
      for (const shard of stream.shards.slice(2)) {
        expect(shard.parents.length).toBeGreaterThan(0)
        for (const { closedMs } of shard.parents) expect(closedMs).toBeDefined()
      }
      expect(stream.open.every(({ closedMs }) => closedMs === undefined)).toBe(true)
    })

    test('forgets closed shards once their records must have expired', () => {
      const { store, stream } = streamOf(1)
      store.reshard(stream, 2, START_MS)
      expect(stream.known(START_MS + 24 * 3_600_000)).toHaveLength(3)
      expect(stream.known(START_MS + 24 * 3_600_000 + 1)).toEqual(stream.open)
    })
  })
})
