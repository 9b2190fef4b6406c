import { beforeEach, describe, expect, test } from '@jest/globals'
import { readTemplate } from '../../localstack/embedded/cloudformation/template'
import { kinesisService } from '../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../localstack/embedded/kinesis/kinesis-store'

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
