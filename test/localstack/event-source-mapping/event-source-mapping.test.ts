import { describe, expect, test } from '@jest/globals'
import { EventSourceMapping } from '../../../localstack/embedded/event-source-mapping/event-source-mapping'
import { laneOfKey } from '../../../localstack/embedded/event-source-mapping/lane'
import { mappingConfig } from '../../../localstack/embedded/event-source-mapping/mapping-properties'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'
import { startNodeTimer } from '../../../localstack/embedded/timers'
import { type Answer, ok, sentBy, threw, timesOf, world } from './mapping-world'

describe('polling', () => {
  test('an idle shard is polled once a second', async () => {
    const { time, put, calls, start } = world()
    const mapping = start()
    await time.pass(300)
    put('a')
    await time.pass(699)
    expect(calls).toEqual([])
    await time.pass(1)
    expect(timesOf(calls)).toEqual([1000])
    await mapping.stop()
  })

  test('a shard is read five times a second at most, also while there is more', async () => {
    const { time, put, calls, start } = world({ BatchSize: 2 })
    for (const text of 'abcdefgh') put(text)
    const mapping = start()
    await time.pass(999)
    expect(sentBy(calls)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
      ['g', 'h'],
    ])
    expect(timesOf(calls)).toEqual([0, 0, 200, 200])
    await mapping.stop()
  })

  test('the reads of others are of the same five: a throttled one is tried again', async () => {
    const { time, put, calls, start, exhaust } = world()
    put('a')
    exhaust()
    const mapping = start()
    await time.pass(199)
    expect(calls).toEqual([])
    await time.pass(1)
    expect(timesOf(calls)).toEqual([200])
    await mapping.stop()
  })

  test('the shards of a stream are polled out of step', async () => {
    const { time, put, calls, start } = world({}, () => ok, 4)
    for (const shard of [0, 1, 2, 3]) put(`shard ${shard}`, 'key', shard)
    const mapping = start()
    await time.pass(999)
    expect(timesOf(calls)).toEqual([0, 250, 500, 750])
    await mapping.stop()
  })

  test('TRIM_HORIZON begins with the oldest record, LATEST with the first after the start', async () => {
    for (const [StartingPosition, expected] of [
      ['TRIM_HORIZON', ['before', 'after']],
      ['LATEST', ['after']],
    ] as const) {
      const { time, put, calls, start } = world({ StartingPosition })
      put('before')
      const mapping = start()
      put('after')
      await time.pass(2000)
      expect(calls.flatMap(({ records }) => records)).toEqual(expected)
      await mapping.stop()
    }
  })

  test('a mapping that is not enabled reads nothing', async () => {
    const { time, put, calls, start } = world({ Enabled: false })
    put('a')
    const mapping = start()
    await time.pass(5000)
    expect([calls, time.pending, mapping.describe().State]).toEqual([[], 0, 'Disabled'])
  })

  test('reading stops while the lanes are full, and goes on as they empty', async () => {
    const inFlight = world({ BatchSize: 3 }, async () => {
      await inFlight.time.sleep(10_000)
      return ok
    })
    const { time, put, calls, start } = inFlight
    for (let count = 0; count < 100; count += 1) put(String(count))
    const mapping = start()
    await time.pass(5000)
    expect(mapping.shards()).toMatchObject([{ bufferedRecords: 6, invocationsInFlight: 1 }])
    await time.pass(400_000)
    expect(calls.flatMap(({ records }) => records)).toEqual(Array.from({ length: 100 }, (_, count) => String(count)))
    await mapping.stop()
  })
})

describe('a consumer', () => {
  const pushed = (properties: object = {}, answer?: Answer, shards = 1) =>
    world(properties, answer, shards, '/consumer/burst:1')

  test('gets a record 70 ms after it came, however long nothing came before', async () => {
    const { time, put, calls, start } = pushed()
    const mapping = start()
    await time.pass(5_300)
    put('a')
    await time.pass(40)
    put('b')
    await time.pass(1_000)
    expect(sentBy(calls)).toEqual([['a'], ['b']])
    expect(timesOf(calls)).toEqual([5_370, 5_410])
    await mapping.stop()
    expect(time.pending).toBe(0)
  })

  test('shares no reads with those who poll', async () => {
    const { time, put, calls, start, exhaust } = pushed()
    const mapping = start()
    await time.pass(100)
    exhaust()
    put('a')
    await time.pass(70)
    expect(timesOf(calls)).toEqual([170])
    await mapping.stop()
  })

  test('gets what lies in the stream at once, in batches', async () => {
    const { time, put, calls, start } = pushed({ BatchSize: 2 })
    for (const text of 'abcdef') put(text)
    await time.pass(1_000)
    const mapping = start()
    await time.pass(10)
    expect(sentBy(calls)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ])
    await mapping.stop()
  })

  test('gets nothing while the lanes are full, and goes on as they empty', async () => {
    const full = pushed({ BatchSize: 3 }, async () => {
      await full.time.sleep(10_000)
      return ok
    })
    const { time, put, calls, start } = full
    for (let count = 0; count < 100; count += 1) put(String(count))
    const mapping = start()
    await time.pass(5_000)
    expect(mapping.shards()).toMatchObject([{ bufferedRecords: 6, invocationsInFlight: 1 }])
    await time.pass(400_000)
    expect(calls.flatMap(({ records }) => records)).toEqual(Array.from({ length: 100 }, (_, count) => String(count)))
    await mapping.stop()
  })

  test('is named as the source of its records, and stops without waiting for any', async () => {
    const { time, put, calls, start } = pushed()
    const mapping = start()
    put('a')
    await time.pass(100)
    expect(calls[0]!.event.Records[0]!.eventSourceARN).toMatch(/:stream\/burst\/consumer\/burst:1$/)
    await mapping.stop()
    put('b')
    await time.pass(1_000)
    expect(calls).toHaveLength(1)
  })
})

describe('batching', () => {
  test('a batching window gathers the records of several polls', async () => {
    const { time, put, calls, start } = world({ MaximumBatchingWindowInSeconds: 3 })
    const mapping = start()
    for (const text of 'abc') {
      put(text)
      await time.pass(900)
    }
    await time.pass(3000)
    expect(sentBy(calls)).toEqual([['a', 'b', 'c']])
    expect(timesOf(calls)).toEqual([3000])
    await mapping.stop()
  })

  test('the next batching window begins when the invocation ends', async () => {
    const here = world({ MaximumBatchingWindowInSeconds: 2 }, async () => {
      await here.time.sleep(700)
      return ok
    })
    here.put('a')
    const mapping = here.start()
    await here.time.pass(2100)
    here.put('b')
    await here.time.pass(4000)
    expect(timesOf(here.calls)).toEqual([2000, 2000 + 700 + 2000])
    await mapping.stop()
  })

  test('the lanes of a shard are in flight together, the records of one key never', async () => {
    let inFlight = 0
    let most = 0
    const running = new Set<string>()
    const here = world({ ParallelizationFactor: 4, BatchSize: 1 }, async (records) => {
      const key = records[0]!.split(':')[0]!
      expect(running.has(key)).toBe(false)
      running.add(key)
      most = Math.max(most, ++inFlight)
      await here.time.sleep(100)
      inFlight -= 1
      running.delete(key)
      return ok
    })
    for (let count = 0; count < 60; count += 1) here.put(`k${count % 12}:${count}`, `k${count % 12}`)
    const mapping = here.start()
    await here.time.pass(20_000)
    expect(most).toBe(4)
    expect(here.calls).toHaveLength(60)
    for (let key = 0; key < 12; key += 1) {
      const order = here.calls.flatMap(({ records }) => records).filter((text) => text.startsWith(`k${key}:`))
      expect(order).toEqual(Array.from({ length: 5 }, (_, round) => `k${key}:${key + 12 * round}`))
    }
    await mapping.stop()
  })

  test('a lane that fails does not hold up the others', async () => {
    const { time, put, calls, start } = world({ ParallelizationFactor: 2, BatchSize: 5 }, ([text]) =>
      text === 'bad' ? threw : ok,
    )
    const good = ['a', 'b', 'c', 'd'].find((key) => laneOfKey(key, 2) !== laneOfKey('bad', 2))!
    put('bad', 'bad')
    put('good', good)
    const mapping = start()
    await time.pass(3000)
    expect(calls.filter(({ records }) => records[0] === 'good')).toHaveLength(1)
    expect(calls.filter(({ records }) => records[0] === 'bad').length).toBeGreaterThan(3)
    await mapping.stop()
  })
})

describe('stopping', () => {
  test('waits for the invocation in flight, sends nothing more, and leaves no timer', async () => {
    const here = world({ BatchSize: 1 }, async () => {
      await here.time.sleep(3000)
      return ok
    })
    for (const text of 'abc') here.put(text)
    const mapping = here.start()
    await here.time.pass(100)
    let stopped = false
    const stopping = mapping.stop().then(() => {
      stopped = true
    })
    expect(mapping.describe().State).toBe('Disabling')
    await here.time.pass(2000)
    expect(stopped).toBe(false)
    await here.time.pass(2000)
    await stopping
    expect(sentBy(here.calls)).toEqual([['a']])
    expect([here.time.pending, mapping.describe().State]).toEqual([0, 'Disabled'])
  })

  test('leaves no timer while a retry waits', async () => {
    const { time, put, start } = world({}, () => threw)
    put('a')
    const mapping = start()
    await time.pass(50)
    await mapping.stop()
    expect(time.pending).toBe(0)
  })
})

test('with the timers of the process a record arrives and the process can end', async () => {
  const store = new KinesisStore()
  const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount: 1 } }, Date.now())
  store.put(stream, { partitionKey: 'k', data: 'AAAA', bytes: 4 }, undefined, Date.now())
  const config = mappingConfig(
    { EventSourceArn: stream.arn, FunctionName: 'f', StartingPosition: 'TRIM_HORIZON' },
    { uuid: 'u', executionRoleArn: 'r', pollIntervalMs: 20 },
  )
  await new Promise<void>((resolve) => {
    const mapping = new EventSourceMapping(config, {
      reader: shardReader(store, stream),
      now: Date.now,
      startTimer: startNodeTimer,
      sendToDestination: async () => {},
      invoke: async () => {
        setImmediate(() => mapping.stop().then(resolve))
        return ok
      },
    })
  })
})
