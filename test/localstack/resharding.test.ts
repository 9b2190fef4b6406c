import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { KinesisStore } from '../../localstack/embedded/kinesis/kinesis-store'
import { evenRanges, HASH_KEYS } from '../../localstack/embedded/kinesis/limits'
import { reshardSteps } from '../../localstack/embedded/kinesis/resharding'

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
