import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import type { KinesisStream } from '../../../localstack/embedded/kinesis/kinesis-stream'
import { evenRanges, HASH_KEYS, hashKeyOf } from '../../../localstack/embedded/kinesis/limits'
import { placeOf, sequenceNumberOf } from '../../../localstack/embedded/kinesis/shard-log'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'

const KIB = 1024
const HOUR_MS = 3_600_000
const START_MS = 1_700_000_000_000

function incoming(partitionKey: string, bytes = 10) {
  return { partitionKey, data: 'AAAA', bytes }
}

function provisioned(store: KinesisStore, shardCount: number, now = START_MS): KinesisStream {
  return store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount } }, now)
}

function putMany(store: KinesisStore, stream: KinesisStream, count: number, bytes: number, now: number): number {
  const outcomes = Array.from({ length: count }, () => store.put(stream, incoming('k', bytes), undefined, now))
  return outcomes.filter(({ kind }) => kind === 'stored').length
}

const anyHashKey = fc.bigInt({ min: 0n, max: HASH_KEYS - 1n })

describe('hash keys', () => {
  test('the partition key is hashed with MD5 as AWS does', () => {
    expect(hashKeyOf('a')).toBe(0x0cc175b9c0f1b6a831c399e269772661n)
  })

  test('the ranges of a stream cover every hash key exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), anyHashKey, (shardCount, hashKey) => {
        const ranges = evenRanges(shardCount)
        const owners = ranges.filter(({ start, end }) => start <= hashKey && hashKey <= end)
        expect(owners).toHaveLength(1)
        expect(ranges[0]?.start).toBe(0n)
        expect(ranges.at(-1)?.end).toBe(HASH_KEYS - 1n)
      }),
    )
  })
})

describe('sequence numbers', () => {
  const anyPlace = fc.record({
    shardEpochMs: fc.integer({ min: 0, max: 2 ** 42 }),
    shardIndex: fc.integer({ min: 0, max: 199 }),
    ordinal: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  })

  test('a number has the 56 digits of AWS and says where its record lies', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(sequenceNumberOf(place)).toMatch(/^\d{56}$/)
        expect(placeOf(sequenceNumberOf(place))).toEqual(place)
      }),
    )
  })

  test('numbers of a shard grow with the ordinal, compared as numbers', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        const next = { ...place, ordinal: place.ordinal + 1 }
        expect(BigInt(sequenceNumberOf(next)) > BigInt(sequenceNumberOf(place))).toBe(true)
      }),
    )
  })

  test('other text is no sequence number', () => {
    for (const text of ['', '0', 'abc', '9'.repeat(56), '1'.repeat(56)]) expect(placeOf(text)).toBeUndefined()
  })
})

describe('putting records', () => {
  test('records of one partition key go to one shard in strictly increasing order', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 8)
    const outcomes = Array.from({ length: 50 }, () => store.put(stream, incoming('key'), undefined, START_MS))
    const numbers = outcomes.map((outcome) => (outcome.kind === 'stored' ? BigInt(outcome.sequenceNumber) : 0n))
    expect(new Set(outcomes.map(({ shardId }) => shardId)).size).toBe(1)
    for (const [index, number] of numbers.slice(1).entries()) expect(number > numbers[index]!).toBe(true)
  })

  test('an explicit hash key overrides the partition key', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 4)
    const ids = stream.shards.map(({ range }) => store.put(stream, incoming('same'), range.end, START_MS).shardId)
    expect(ids).toEqual(stream.shards.map(({ id }) => id))
  })

  test('a shard takes 1,000 records in a second and throttles the next', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    expect(putMany(store, stream, 1001, 1, START_MS)).toBe(1000)
    expect(putMany(store, stream, 501, 1, START_MS + 500)).toBe(500)
  })

  test('a shard takes 1 MiB in a second and throttles the next', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    expect(putMany(store, stream, 9, 128 * KIB, START_MS)).toBe(8)
    expect(putMany(store, stream, 9, 128 * KIB, START_MS + 250)).toBe(2)
  })

  test('a long pause does not save up more than one second of capacity', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    expect(putMany(store, stream, 1500, 1, START_MS + HOUR_MS)).toBe(1000)
  })

  test('a full shard does not throttle the other shards', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 2)
    for (let count = 0; count < 1001; count += 1) store.put(stream, incoming('k', 1), 0n, START_MS)
    expect(store.put(stream, incoming('k', 1), 0n, START_MS).kind).toBe('throttled')
    expect(store.put(stream, incoming('k', 1), HASH_KEYS - 1n, START_MS).kind).toBe('stored')
  })

  test('no shard ever takes more than its rate allows, whatever arrives when', () => {
    const arrival = fc.record({
      gapMs: fc.integer({ min: 0, max: 400 }),
      bytes: fc.integer({ min: 1, max: 1024 * KIB }),
    })
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const store = new KinesisStore()
        const stream = provisioned(store, 1)
        let now = START_MS
        let taken = 0
        for (const { gapMs, bytes } of arrivals) {
          now += gapMs
          if (store.put(stream, incoming('k', bytes), undefined, now).kind === 'stored') taken += bytes
        }
        expect(taken).toBeLessThanOrEqual(1024 * KIB * (1 + (now - START_MS) / 1000))
      }),
    )
  })
})

describe('streams', () => {
  test('an on-demand stream has four shards', () => {
    const stream = new KinesisStore().createStream({ name: 's', mode: { kind: 'ON_DEMAND' } }, START_MS)
    expect(stream.shards.map(({ id }) => id)).toEqual([0, 1, 2, 3].map((index) => `shardId-00000000000${index}`))
  })

  test('a name can be taken once, and again after the stream is deleted, with higher sequence numbers', () => {
    const store = new KinesisStore()
    const first = provisioned(store, 1)
    expect(() => provisioned(store, 1)).toThrow(expect.objectContaining({ code: 'ResourceInUseException' }))
    store.deleteStream('burst')
    const second = provisioned(store, 1)
    expect(BigInt(second.shards[0]!.startingSequenceNumber) > BigInt(first.shards[0]!.startingSequenceNumber)).toBe(
      true,
    )
  })

  test('a stream that does not exist is not found', () => {
    expect(() => new KinesisStore().stream('none')).toThrow(
      expect.objectContaining({ code: 'ResourceNotFoundException' }),
    )
  })

  test('more than 200 shards exceed the quota', () => {
    const store = new KinesisStore()
    provisioned(store, 150)
    const another = () => store.createStream({ name: 'b', mode: { kind: 'PROVISIONED', shardCount: 51 } }, START_MS)
    expect(another).toThrow(expect.objectContaining({ code: 'LimitExceededException' }))
  })
})

describe('reading in the same process', () => {
  const everything = { records: 10_000, bytes: 10 * 1024 * KIB }

  test('a reader from the trim horizon sees all records once, in order', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    putMany(store, stream, 10, 100, START_MS)
    const reader = shardReader(store, stream)
    const first = reader.read(
      reader.open('shardId-000000000000', { kind: 'TRIM_HORIZON' }),
      { records: 4, bytes: 1e6 },
      START_MS,
    )
    const rest = reader.read(first.cursor, everything, START_MS)
    const numbers = [...first.records, ...rest.records].map(({ sequenceNumber }) => BigInt(sequenceNumber))
    expect(first.records).toHaveLength(4)
    expect(numbers).toHaveLength(10)
    expect(numbers).toEqual([...numbers].sort((a, b) => (a < b ? -1 : 1)))
    expect(reader.read(rest.cursor, everything, START_MS).records).toEqual([])
  })

  test('a reader from LATEST sees only what comes after', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    putMany(store, stream, 3, 100, START_MS)
    const reader = shardReader(store, stream)
    const cursor = reader.open('shardId-000000000000', { kind: 'LATEST' })
    store.put(stream, incoming('later'), undefined, START_MS)
    expect(reader.read(cursor, everything, START_MS).records.map(({ partitionKey }) => partitionKey)).toEqual(['later'])
  })

  test('a reader from a timestamp begins with the first record of that time', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    for (const offset of [0, 1000, 2000]) store.put(stream, incoming(`at ${offset}`), undefined, START_MS + offset)
    const reader = shardReader(store, stream)
    const cursor = reader.open('shardId-000000000000', { kind: 'AT_TIMESTAMP', ms: START_MS + 1000 })
    expect(reader.read(cursor, everything, START_MS).records.map(({ partitionKey }) => partitionKey)).toEqual([
      'at 1000',
      'at 2000',
    ])
  })

  test('a read stays under its limit of bytes, but always gets on', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    putMany(store, stream, 3, 1000, START_MS)
    const reader = shardReader(store, stream)
    const cursor = reader.open('shardId-000000000000', { kind: 'TRIM_HORIZON' })
    expect(reader.read(cursor, { records: 10, bytes: 2500 }, START_MS).records).toHaveLength(2)
    expect(reader.read(cursor, { records: 10, bytes: 1 }, START_MS).records).toHaveLength(1)
  })

  test('the age of the next unread record is known, and 0 when there is none', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    putMany(store, stream, 1, 100, START_MS)
    const reader = shardReader(store, stream)
    const cursor = reader.open('shardId-000000000000', { kind: 'TRIM_HORIZON' })
    expect(reader.millisBehindLatest(cursor, START_MS + 700)).toBe(700)
    expect(reader.millisBehindLatest(reader.read(cursor, everything, START_MS).cursor, START_MS + 700)).toBe(0)
  })

  test('records expire after the retention period, and the reader learns how many it missed', () => {
    const store = new KinesisStore()
    const stream = provisioned(store, 1)
    putMany(store, stream, 5, 100, START_MS)
    putMany(store, stream, 2, 100, START_MS + 20 * HOUR_MS)
    const reader = shardReader(store, stream)
    const cursor = reader.open('shardId-000000000000', { kind: 'TRIM_HORIZON' })
    const read = reader.read(cursor, everything, START_MS + 25 * HOUR_MS)
    expect(read.records).toHaveLength(2)
    expect(read.expired).toBe(5)
  })

  test('the oldest records of all shards expire early when they hold more than the memory', () => {
    const store = new KinesisStore({ retainedBytes: 4000 })
    const stream = provisioned(store, 2)
    const put = (hashKey: bigint, now: number) => store.put(stream, incoming(String(now), 500), hashKey, now)
    for (let count = 0; count < 4; count += 1) put(0n, START_MS + count)
    for (let count = 4; count < 10; count += 1) put(HASH_KEYS - 1n, START_MS + count)
    const reader = shardReader(store, stream)
    const left = stream.shards.map(({ id }) => {
      const cursor = reader.open(id, { kind: 'AT_TIMESTAMP', ms: 0 })
      return reader.read(cursor, everything, START_MS).records.map(({ arrivalMs }) => arrivalMs - START_MS)
    })
    expect(left).toEqual([
      [2, 3],
      [4, 5, 6, 7, 8, 9],
    ])
  })
})
