import { beforeEach, describe, expect, test } from '@jest/globals'
import { readTemplate } from '../../../localstack/embedded/cloudformation/template'
import { kinesisService } from '../../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { Shard } from '../../../localstack/embedded/kinesis/shard'
import { newSubscription, nextStep, type Subscription } from '../../../localstack/embedded/kinesis/subscription'
import { verdictOn } from '../../../localstack/embedded/kinesis/subscriptions'

const START_MS = 1_700_000_000_000
const MIB = 1024 * 1024

function shardWith(...records: readonly { readonly atMs: number; readonly bytes?: number }[]): Shard {
  const shard = new Shard(START_MS, 0, { start: 0n, end: 1n })
  for (const { atMs, bytes = 1 } of records) shard.put({ partitionKey: `at ${atMs}`, data: '', bytes }, START_MS + atMs)
  return shard
}

/** What happens at that time, in milliseconds since the subscription began, and the subscription after it. */
function stepAt(atMs: number, shard: Shard, subscription: Subscription = newSubscription(1, START_MS)) {
  const step = nextStep(subscription, shard, START_MS + atMs)
  switch (step.kind) {
    case 'push':
      return { pushed: step.records.map(({ partitionKey }) => partitionKey), isEnd: step.isEnd, next: step.next }
    case 'wait':
      return { waitsUntilMs: step.untilMs - START_MS }
    case 'over':
      return 'over'
  }
}

describe('a subscription', () => {
  test('pushes a record 70 ms after it came, and not the one that came later', () => {
    const shard = shardWith({ atMs: 10 }, { atMs: 11 })
    expect(stepAt(79, shard)).toEqual({ waitsUntilMs: 80 })
    expect(stepAt(80, shard)).toMatchObject({ pushed: ['at 10'], isEnd: false })
    expect(stepAt(81, shard)).toMatchObject({ pushed: ['at 10', 'at 11'] })
  })

  test('goes on after what it pushed', () => {
    const shard = shardWith({ atMs: 0 }, { atMs: 30 })
    const first = nextStep(newSubscription(1, START_MS), shard, START_MS + 70)
    if (first.kind !== 'push') throw new Error(first.kind)
    expect(stepAt(99, shard, first.next)).toEqual({ waitsUntilMs: 100 })
    expect(stepAt(100, shard, first.next)).toMatchObject({ pushed: ['at 30'] })
  })

  test('shows that it lives after 5 s without records, counted from the last push', () => {
    const shard = shardWith()
    expect(stepAt(4_999, shard)).toEqual({ waitsUntilMs: 5_000 })
    expect(stepAt(5_000, shard)).toMatchObject({ pushed: [], isEnd: false, next: { lastPushMs: START_MS + 5_000 } })
    const later = { ...newSubscription(1, START_MS), lastPushMs: START_MS + 3_000 }
    expect(stepAt(5_000, shard, later)).toEqual({ waitsUntilMs: 8_000 })
  })

  test('is over after five minutes, whatever there is to push', () => {
    const shard = shardWith({ atMs: 299_900 })
    const quiet = { ...newSubscription(1, START_MS), lastPushMs: START_MS + 299_000 }
    expect(stepAt(299_999, shardWith(), quiet)).toEqual({ waitsUntilMs: 300_000 })
    expect(stepAt(299_999, shard, quiet)).toMatchObject({ pushed: ['at 299900'] })
    expect(stepAt(300_000, shard, quiet)).toBe('over')
  })

  test('gives a consumer 2 MiB a second, in pushes of at most 1 MiB', () => {
    const shard = shardWith({ atMs: 0, bytes: MIB }, { atMs: 1_000, bytes: MIB / 2 }, { atMs: 1_500, bytes: MIB / 2 })
    const first = nextStep(newSubscription(1, START_MS), shard, START_MS + 2_000)
    if (first.kind !== 'push') throw new Error(first.kind)
    expect(first.records).toHaveLength(1)
    expect(stepAt(2_499, shard, first.next)).toEqual({ waitsUntilMs: 2_500 })
    expect(stepAt(2_500, shard, first.next)).toMatchObject({ pushed: ['at 1000', 'at 1500'] })
  })

  test('ends with the last records of a closed shard, and not before they are due', () => {
    const shard = shardWith({ atMs: 0 }, { atMs: 50 })
    shard.close(START_MS + 60)
    expect(stepAt(70, shard)).toMatchObject({ pushed: ['at 0'], isEnd: false })
    expect(stepAt(120, shard)).toMatchObject({ pushed: ['at 0', 'at 50'], isEnd: true })
  })

  test('of a closed shard that was read ends at once', () => {
    const shard = shardWith()
    shard.close(START_MS)
    expect(stepAt(0, shard)).toMatchObject({ pushed: [], isEnd: true })
  })
})

describe('a call of SubscribeToShard', () => {
  test('may take over 5 s after the call that succeeded', () => {
    const calls = { grantedMs: START_MS }
    expect(verdictOn({}, START_MS)).toBe('granted')
    expect(verdictOn(calls, START_MS + 4_999)).toBe('in_use')
    expect(verdictOn(calls, START_MS + 5_000)).toBe('granted')
  })

  test('is throttled within a second of one that came too early', () => {
    const calls = { grantedMs: START_MS, inUseMs: START_MS + 4_500 }
    expect(verdictOn(calls, START_MS + 5_499)).toBe('throttled')
    expect(verdictOn(calls, START_MS + 5_500)).toBe('granted')
  })
})

describe('consumers', () => {
  const NOW_MS = 1_700_000_000_000
  const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/burst'

  let service = kinesisService(new KinesisStore(), () => NOW_MS)
  beforeEach(async () => {
    service = kinesisService(new KinesisStore(), () => NOW_MS)
    await call('CreateStream', { StreamName: 'burst', ShardCount: 1 })
  })

  async function call(verb: string, input: object) {
    const answer = await service({
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${verb}` },
      body: Buffer.from(JSON.stringify(input)),
    })
    return JSON.parse(String(answer.body) || '{}')
  }

  describe('a consumer of a stream', () => {
    test('is registered, described by name or ARN, listed, counted, and deregistered', async () => {
      const { Consumer } = await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'fast' })
      const ConsumerARN = `${StreamARN}/consumer/fast:1700000000`
      expect(Consumer).toMatchObject({ ConsumerName: 'fast', ConsumerARN, ConsumerStatus: 'ACTIVE' })
      const described = { ConsumerDescription: { ...Consumer, StreamARN } }
      expect(await call('DescribeStreamConsumer', { ConsumerARN })).toEqual(described)
      expect(await call('DescribeStreamConsumer', { StreamARN, ConsumerName: 'fast' })).toEqual(described)
      expect(await call('ListStreamConsumers', { StreamARN })).toEqual({ Consumers: [Consumer] })
      const { StreamDescriptionSummary: summary } = await call('DescribeStreamSummary', { StreamName: 'burst' })
      expect(summary.ConsumerCount).toBe(1)
      expect(await call('DeregisterStreamConsumer', { ConsumerARN })).toEqual({})
      expect(await call('ListStreamConsumers', { StreamARN })).toEqual({ Consumers: [] })
    })

    test('has a name of its own, and there are 20 at most', async () => {
      for (let index = 0; index < 20; index++)
        await call('RegisterStreamConsumer', { StreamARN, ConsumerName: `c${index}` })
      const again = await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c0' })
      expect(again.__type).toBe('ResourceInUseException')
      const more = await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'more' })
      expect(more.__type).toBe('LimitExceededException')
    })

    test.each([
      ['DescribeStreamConsumer', { ConsumerARN: `${StreamARN}/consumer/none:1` }],
      ['DeregisterStreamConsumer', { StreamARN, ConsumerName: 'none' }],
      ['RegisterStreamConsumer', { StreamARN: `${StreamARN}x`, ConsumerName: 'none' }],
    ])('%s says when there is none', async (verb, input) => {
      expect((await call(verb, input)).__type).toBe('ResourceNotFoundException')
    })

    test('keeps its stream from being deleted, unless that is meant', async () => {
      await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'fast' })
      expect((await call('DeleteStream', { StreamName: 'burst' })).__type).toBe('ResourceInUseException')
      expect(await call('DeleteStream', { StreamName: 'burst', EnforceConsumerDeletion: true })).toEqual({})
    })
  })

  describe('a consumer in a template', () => {
    const place = { stackName: 's', stackId: 'id', region: 'us-east-1', endpoint: 'http://127.0.0.1:1' }
    const template = (isThere: string) => ({
      Conditions: { There: { 'Fn::Equals': [isThere, 'yes'] } },
      Resources: {
        Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'burst', ShardCount: 1 } },
        Consumer: {
          Type: 'AWS::Kinesis::StreamConsumer',
          Condition: 'There',
          Properties: { ConsumerName: 'fast', StreamARN: { 'Fn::GetAtt': ['Stream', 'Arn'] } },
        },
      },
      Outputs: { Arn: { Condition: 'There', Value: { Ref: 'Consumer' } } },
    })
    const read = (isThere: string) =>
      readTemplate(JSON.stringify(template(isThere)), { place, parameters: {}, pollIntervalMs: 1_000 })

    test('is known by its ARN, which names its stream', () => {
      const { resources, outputs } = read('yes')
      expect(resources[1]).toMatchObject({ kind: 'consumer', name: 'fast', streamArn: StreamARN })
      expect(outputs).toMatchObject([{ key: 'Arn', value: `${StreamARN}/consumer/fast:1` }])
    })

    test('is left out under a condition that does not hold', () => {
      expect(read('no').resources.map(({ logicalId }) => logicalId)).toEqual(['Stream'])
    })
  })
})
