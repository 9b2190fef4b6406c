import {
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  LimitExceededException,
  ProvisionedThroughputExceededException,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  type StartingPosition,
  SubscribeToShardCommand,
  type SubscribeToShardCommandInput,
  type SubscribeToShardEvent,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type Gateway, listen, type Services } from '../../../localstack/embedded/gateway'
import { kinesisService } from '../../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { VirtualTime } from '../virtual-time'

const SHARD = 'shardId-000000000000'
const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/burst'
const FROM_START: StartingPosition = { Type: 'TRIM_HORIZON' }

let time: VirtualTime
let gateway: Gateway
let client: KinesisClient
let ConsumerARN: string

beforeEach(async () => {
  time = new VirtualTime()
  const store = new KinesisStore()
  store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount: 1 } }, time.now())
  const kinesis = kinesisService(store, time.now, time.startTimer)
  gateway = await listen({ kinesis } as Partial<Services> as Services, 0)
  client = clientOf()
  ConsumerARN = await register('fast')
})

afterEach(async () => {
  client.destroy()
  await gateway.close()
})

/** The SDK's client as AWS gets it, which speaks HTTP/2, unless another handler is given. */
function clientOf(options: { readonly requestHandler?: NodeHttpHandler } = {}): KinesisClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new KinesisClient({ region: 'us-east-1', endpoint: gateway.endpoint, credentials, maxAttempts: 1, ...options })
}

async function register(ConsumerName: string): Promise<string> {
  const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }))
  return Consumer!.ConsumerARN!
}

async function put(PartitionKey: string): Promise<string> {
  const Data = Buffer.from(`data of ${PartitionKey}`)
  return (await client.send(new PutRecordCommand({ StreamName: 'burst', PartitionKey, Data }))).SequenceNumber!
}

/** The events of a subscription, as they come. */
async function subscribe(
  position: StartingPosition = FROM_START,
  more: Partial<SubscribeToShardCommandInput> = {},
  by = client,
): Promise<AsyncIterator<SubscribeToShardEvent>> {
  const input = { ConsumerARN, ShardId: SHARD, StartingPosition: position, ...more }
  const { EventStream } = await by.send(new SubscribeToShardCommand(input))
  return events(EventStream!)
}

type Answer = NonNullable<Awaited<ReturnType<typeof sendSubscribe>>['EventStream']>
const sendSubscribe = (input: SubscribeToShardCommandInput) => client.send(new SubscribeToShardCommand(input))

async function* events(stream: Answer): AsyncGenerator<SubscribeToShardEvent, void> {
  for await (const event of stream) yield event.SubscribeToShardEvent!
}

async function next(subscription: AsyncIterator<SubscribeToShardEvent>): Promise<SubscribeToShardEvent> {
  const { done, value } = await subscription.next()
  if (done) throw new Error('the subscription has ended')
  return value
}

const keysOf = ({ Records }: Pick<SubscribeToShardEvent, 'Records'>) =>
  (Records ?? []).map(({ PartitionKey }) => PartitionKey)

/** Until the other side has heard of it: there is no timer, and so no subscription. */
async function untilNothingRuns(): Promise<void> {
  while (time.pending > 0) await new Promise((resolve) => setImmediate(resolve))
}

describe('a client that subscribes to a shard', () => {
  test('is pushed the records as they were put, in order', async () => {
    const subscription = await subscribe()
    const arrival = new Date(time.now())
    const sequenceNumbers = [await put('a'), await put('b')]
    await time.pass(70)
    const event = await next(subscription)
    expect(event.Records).toEqual(
      ['a', 'b'].map((PartitionKey, index) => ({
        PartitionKey,
        Data: new Uint8Array(Buffer.from(`data of ${PartitionKey}`)),
        SequenceNumber: sequenceNumbers[index],
        ApproximateArrivalTimestamp: arrival,
        EncryptionType: 'NONE',
      })),
    )
    expect(event).toMatchObject({ MillisBehindLatest: 0, ContinuationSequenceNumber: sequenceNumbers[1] })
    expect(event.ChildShards).toBeUndefined()
  })

  test('is told how far behind it is when more has come meanwhile', async () => {
    const subscription = await subscribe()
    await put('a')
    await time.pass(30)
    await put('b')
    await time.pass(40)
    expect(await next(subscription)).toMatchObject({ MillisBehindLatest: 40, Records: [{ PartitionKey: 'a' }] })
    await time.pass(30)
    expect(await next(subscription)).toMatchObject({ MillisBehindLatest: 0, Records: [{ PartitionKey: 'b' }] })
  })

  test.each<[string, (b: { number: string; at: Date }) => StartingPosition, string[]]>([
    ['TRIM_HORIZON', () => FROM_START, ['a', 'b', 'c', 'new']],
    ['LATEST', () => ({ Type: 'LATEST' }), ['new']],
    ['AT_SEQUENCE_NUMBER', ({ number }) => ({ Type: 'AT_SEQUENCE_NUMBER', SequenceNumber: number }), ['b', 'c', 'new']],
    [
      'AFTER_SEQUENCE_NUMBER',
      ({ number }) => ({ Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: number }),
      ['c', 'new'],
    ],
    ['AT_TIMESTAMP', ({ at }) => ({ Type: 'AT_TIMESTAMP', Timestamp: at }), ['b', 'c', 'new']],
  ])('begins where %s says', async (_type, position, expected) => {
    await put('a')
    await time.pass(1_000)
    const b = { at: new Date(time.now()), number: await put('b') }
    await time.pass(1_000)
    await put('c')
    const subscription = await subscribe(position(b))
    await put('new')
    await time.pass(70)
    const keys: unknown[] = []
    while (keys.at(-1) !== 'new') keys.push(...keysOf(await next(subscription)))
    expect(keys).toEqual(expected)
  })

  test('is not pushed what the stream no longer keeps', async () => {
    await put('old')
    await time.pass(24 * 3_600_000 - 69)
    await put('new')
    await time.pass(70)
    expect(keysOf(await next(await subscribe()))).toEqual(['new'])
  })

  test('hears from an idle subscription, and goes on after the number that this tells', async () => {
    const idle = await subscribe({ Type: 'LATEST' })
    await time.pass(5_000)
    const event = await next(idle)
    expect(event).toMatchObject({ Records: [], MillisBehindLatest: 0 })
    await put('a')
    await put('b')
    const SequenceNumber = event.ContinuationSequenceNumber!
    const more = await subscribe({ Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber })
    await time.pass(70)
    expect(keysOf(await next(more))).toEqual(['a', 'b'])
  })

  test('hears the end after five minutes, and no error', async () => {
    const subscription = await subscribe()
    await time.pass(5 * 60_000)
    await put('too late')
    await time.pass(70)
    const keys: unknown[] = []
    for (let each = await subscription.next(); !each.done; each = await subscription.next())
      keys.push(...keysOf(each.value))
    expect(keys).toEqual([])
    expect(time.pending).toBe(0)
  })

  test('may speak HTTP/1.1', async () => {
    const http1 = clientOf({ requestHandler: new NodeHttpHandler() })
    const subscription = await subscribe(FROM_START, {}, http1)
    await put('a')
    await time.pass(70)
    expect(keysOf(await next(subscription))).toEqual(['a'])
    http1.destroy()
  })

  test('takes nothing from the reads that a shard gives to all others', async () => {
    const subscription = await subscribe()
    for (let count = 0; count < 6; count++) {
      await put(`r${count}`)
      await time.pass(70)
      expect(keysOf(await next(subscription))).toEqual([`r${count}`])
    }
    const iterator = { StreamName: 'burst', ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' } as const
    const { ShardIterator } = await client.send(new GetShardIteratorCommand(iterator))
    const read = () => client.send(new GetRecordsCommand({ ShardIterator, Limit: 1 }))
    for (let count = 0; count < 5; count++) expect(keysOf(await read())).toEqual(['r0'])
    await expect(read()).rejects.toBeInstanceOf(ProvisionedThroughputExceededException)
    await time.pass(1_000)
    expect(keysOf(await read())).toEqual(['r0'])
  })

  test('leaves nothing behind when it goes away', async () => {
    const leaving = new AbortController()
    const input = { ConsumerARN, ShardId: SHARD, StartingPosition: FROM_START }
    await client.send(new SubscribeToShardCommand(input), { abortSignal: leaving.signal })
    expect(time.pending).toBe(1)
    leaving.abort()
    await untilNothingRuns()
  })

  test('is let go when the cloud stops', async () => {
    const subscription = await subscribe()
    const ended = Promise.allSettled([subscription.next()])
    await gateway.close()
    await ended
    await untilNothingRuns()
  })
})

describe('a consumer and a shard', () => {
  test('have one subscription: a call within 5 s of another is refused, and within a second of that throttled', async () => {
    const first = await subscribe()
    await time.pass(3_000)
    await expect(subscribe()).rejects.toBeInstanceOf(ResourceInUseException)
    await time.pass(999)
    await expect(subscribe()).rejects.toBeInstanceOf(LimitExceededException)
    await put('a')
    await time.pass(70)
    expect(keysOf(await next(first))).toEqual(['a'])
  })

  test('give it to a call that comes 5 s later, and end the first with an error', async () => {
    const first = await subscribe({ Type: 'LATEST' })
    await time.pass(4_999)
    await expect(subscribe()).rejects.toBeInstanceOf(ResourceInUseException)
    await time.pass(1_000)
    const second = await subscribe({ Type: 'LATEST' })
    await put('a')
    await time.pass(70)
    expect(keysOf(await next(second))).toEqual(['a'])
    expect(keysOf(await next(first))).toEqual([])
    await expect(first.next()).rejects.toBeInstanceOf(ResourceInUseException)
  })

  test('are apart from other consumers, which get the same records', async () => {
    const other = await subscribe(FROM_START, { ConsumerARN: await register('other') })
    const own = await subscribe()
    await put('a')
    await time.pass(70)
    for (const subscription of [own, other]) expect(keysOf(await next(subscription))).toEqual(['a'])
  })

  test('go on to the child shards at the end of a shard that was closed', async () => {
    const subscription = await subscribe()
    await put('last')
    const scaling = { StreamName: 'burst', TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' } as const
    await client.send(new UpdateShardCountCommand(scaling))
    await time.pass(70)
    const event = await next(subscription)
    expect(keysOf(event)).toEqual(['last'])
    expect(event.ContinuationSequenceNumber).toBeUndefined()
    expect(event.ChildShards).toMatchObject(
      [1, 2].map((index) => ({ ShardId: `shardId-00000000000${index}`, ParentShards: [SHARD] })),
    )
    expect((await subscription.next()).done).toBe(true)

    await put('next')
    await time.pass(70)
    const children = await Promise.all(event.ChildShards!.map(({ ShardId }) => subscribe(FROM_START, { ShardId })))
    const keys = await Promise.race(children.map(async (child) => keysOf(await next(child))))
    expect(keys).toEqual(['next'])
  })

  test.each<[string, () => Promise<unknown>]>([
    ['the consumer', () => client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }))],
    ['the stream', () => client.send(new DeleteStreamCommand({ StreamARN, EnforceConsumerDeletion: true }))],
  ])('end with an error when %s is gone', async (_what, remove) => {
    const subscription = await subscribe()
    await remove()
    await expect(subscription.next()).rejects.toBeInstanceOf(ResourceNotFoundException)
    expect(time.pending).toBe(0)
    await expect(subscribe()).rejects.toBeInstanceOf(ResourceNotFoundException)
  })

  test.each<[string, Partial<SubscribeToShardCommandInput>, string]>([
    ['a consumer that is not there', { ConsumerARN: `${StreamARN}/consumer/none:1` }, 'ResourceNotFoundException'],
    ['a shard that is not there', { ShardId: 'shardId-000000000009' }, 'ResourceNotFoundException'],
    ['no position', { StartingPosition: undefined }, 'ValidationException'],
    ['a position of no kind', { StartingPosition: { Type: 'NOW' as 'LATEST' } }, 'ValidationException'],
    ['AT_TIMESTAMP without a time', { StartingPosition: { Type: 'AT_TIMESTAMP' } }, 'InvalidArgumentException'],
    [
      'a sequence number of another shard',
      { StartingPosition: { Type: 'AT_SEQUENCE_NUMBER', SequenceNumber: '5' } },
      'InvalidArgumentException',
    ],
  ])('refuse %s, and that is no subscription', async (_what, input, name) => {
    await expect(subscribe(FROM_START, input)).rejects.toMatchObject({ name })
    await expect(subscribe()).resolves.toBeDefined()
  })
})
