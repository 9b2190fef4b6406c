import { describe, expect, test } from '@jest/globals'
import type { KinesisStreamEvent } from 'aws-lambda'
import { EventSourceMapping } from '../../../localstack/embedded/event-source-mapping/event-source-mapping'
import { mappingConfig } from '../../../localstack/embedded/event-source-mapping/mapping-properties'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'
import { VirtualTime } from '../virtual-time'

const ok: InvokeOutcome = { kind: 'ok', payload: Buffer.from('null'), requestId: 'r' }

interface Call {
  readonly atMs: number
  readonly shard: number
  readonly texts: readonly string[]
}

/** A stream and a mapping on it, whose function takes `tookMs` for every batch, in virtual time. */
function world({ shards = 1, tookMs = 100, properties = {} }) {
  const time = new VirtualTime()
  const startMs = time.now()
  const store = new KinesisStore()
  const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount: shards } }, startMs)
  const calls: Call[] = []
  const fixed = { EventSourceArn: stream.arn, FunctionName: 'f', StartingPosition: 'TRIM_HORIZON', BatchSize: 1 }
  const config = (more: object) =>
    mappingConfig({ ...fixed, ...properties, ...more }, { uuid: 'u', executionRoleArn: 'r' })
  const start = (more: object = {}) =>
    new EventSourceMapping(config(more), {
      reader: shardReader(store, stream),
      now: time.now,
      startTimer: time.startTimer,
      sendToDestination: async () => {},
      async invoke(_name, payload) {
        const { Records }: KinesisStreamEvent = JSON.parse(payload.toString())
        const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())
        calls.push({ atMs: time.now() - startMs, shard: Number(Records[0]!.eventID.slice(8, 20)), texts })
        await time.sleep(tookMs)
        return ok
      },
    })
  const put = (text: string, partitionKey = 'key') =>
    store.put(
      stream,
      { partitionKey, data: Buffer.from(text).toString('base64'), bytes: text.length },
      undefined,
      time.now(),
    )
  const reshard = (target: number) => store.reshard(stream, target, time.now())
  return { time, store, stream, calls, start, put, reshard }
}

const textsOf = (calls: readonly Call[]) => calls.flatMap(({ texts }) => texts)

describe('a stream that is resharded under its mapping', () => {
  test('a consumer goes on with the children of a shard that is closed while it waits', async () => {
    const { time, calls, start, put, reshard, stream } = world({})
    const EventSourceArn = `${stream.arn}/consumer/c:1`
    await time.pass(1)
    const mapping = start({ EventSourceArn })
    put('a')
    await time.pass(1_000)
    reshard(2)
    put('b')
    await time.pass(500)
    expect(textsOf(calls)).toEqual(['a', 'b'])
    expect(calls.map(({ shard }) => shard > 0)).toEqual([false, true])
    await mapping.stop()
  })

  test('a child is read once every record of its parent is finished', async () => {
    const { time, calls, start, put, reshard } = world({ tookMs: 700 })
    put('a')
    put('b')
    const mapping = start()
    await time.pass(100)
    reshard(2)
    put('c')
    await time.pass(1299)
    expect(textsOf(calls)).toEqual(['a', 'b'])
    await time.pass(1)
    expect(textsOf(calls)).toEqual(['a', 'b', 'c'])
    expect(calls.map(({ shard }) => shard > 0)).toEqual([false, false, true])
    await time.pass(1000)
    await mapping.stop()
  })

  test('the child of a merge waits for both of its parents', async () => {
    const { time, calls, start, put, reshard, stream } = world({ shards: 2, tookMs: 400 })
    const keys = ['0', '1', '2', '3', '4', '5', '6', '7']
    for (const key of keys) put(`parent ${key}`, key)
    const mapping = start()
    await time.pass(10)
    reshard(1)
    for (const key of keys) put(`child ${key}`, key)
    await time.pass(60_000)
    const texts = textsOf(calls)
    expect(texts.slice(0, 8).every((text) => text.startsWith('parent'))).toBe(true)
    expect(texts.slice(8)).toEqual(keys.map((key) => `child ${key}`))
    expect(new Set(calls.slice(0, 8).map(({ shard }) => shard)).size).toBe(2)
    expect(calls.at(-1)?.shard).toBe(stream.open[0]?.index)
    await mapping.stop()
  })

  test('a mapping that began at LATEST reads all of the shards that are opened after', async () => {
    const { time, calls, start, put, reshard } = world({ properties: { StartingPosition: 'LATEST' } })
    put('before')
    const mapping = start()
    reshard(2)
    put('after')
    await time.pass(5000)
    expect(textsOf(calls)).toEqual(['after'])
    await mapping.stop()
  })

  test('a mapping that begins after a resharding reads parents first', async () => {
    const { time, calls, start, put, reshard } = world({})
    put('first')
    reshard(2)
    put('second')
    reshard(4)
    put('third')
    const mapping = start()
    await time.pass(5000)
    expect(textsOf(calls)).toEqual(['first', 'second', 'third'])
    await mapping.stop()
    expect(time.pending).toBe(0)
  })
})

describe('a mapping that is updated', () => {
  const parallel = { properties: { ParallelizationFactor: 1 }, tookMs: 1000 }
  const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`)

  test('goes on with the new number of lanes once what is in flight has come back', async () => {
    const { time, calls, start, put } = world(parallel)
    for (const key of keys) put(key, key)
    const mapping = start()
    await time.pass(500)
    expect(mapping.update({ parallelizationFactor: 8 })).toMatchObject({ ParallelizationFactor: 8, State: 'Updating' })
    await time.pass(400)
    expect([calls.length, mapping.describe().State]).toEqual([1, 'Updating'])
    await time.pass(200)
    expect(mapping.describe().State).toBe('Enabled')
    expect(mapping.shards()[0]!.invocationsInFlight).toBeGreaterThan(1)
    await time.pass(10_000)
    expect(textsOf(calls).sort()).toEqual(keys)
    await mapping.stop()
  })

  test('refuses another update meanwhile', async () => {
    const { time, start, put } = world(parallel)
    put('a')
    const mapping = start()
    await time.pass(500)
    mapping.update({ parallelizationFactor: 2 })
    expect(() => mapping.update({ parallelizationFactor: 3 })).toThrow(
      expect.objectContaining({ code: 'ResourceInUseException' }),
    )
    await time.pass(5000)
    expect(mapping.update({ parallelizationFactor: 3 }).ParallelizationFactor).toBe(3)
    await mapping.stop()
  })

  test('that is stopped meanwhile is disabled, and leaves no timer', async () => {
    const { time, start, put } = world(parallel)
    put('a')
    const mapping = start()
    await time.pass(500)
    mapping.update({ parallelizationFactor: 2 })
    const stopped = mapping.stop()
    await time.pass(5000)
    await stopped
    expect([mapping.describe().State, time.pending]).toEqual(['Disabled', 0])
  })

  test('gives the shards that are opened later the new number of lanes', async () => {
    const { time, calls, start, put, reshard } = world(parallel)
    const mapping = start()
    mapping.update({ parallelizationFactor: 8 })
    reshard(2)
    for (const key of keys) put(key, key)
    await time.pass(1100)
    expect(calls.length).toBeGreaterThan(2)
    await time.pass(10_000)
    await mapping.stop()
  })
})
