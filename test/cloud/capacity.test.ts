import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, test } from '@jest/globals'
import { CapacityFailure, CloudCapacity } from '../../cloud/capacity'
import { ScriptedClient } from './scripted-client'

const summary = {
  StreamStatus: 'ACTIVE',
  StreamModeDetails: { StreamMode: 'PROVISIONED' },
  OpenShardCount: 2,
}
const mapping = {
  UUID: 'mapping-1',
  EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/overflow',
  ParallelizationFactor: 4,
  State: 'Enabled',
}
const other = { ...mapping, UUID: 'other', EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/my-overflow' }

function cloudOf({ stream = {}, mappings = [mapping] as object[], errors = [] as Error[] } = {}) {
  const kinesis = new ScriptedClient(...errors, { StreamDescriptionSummary: { ...summary, ...stream } })
  const lambda = new ScriptedClient({ EventSourceMappings: mappings })
  const names = { stream: 'overflow', burstFunction: 'burst' }
  const capacity = new CloudCapacity(kinesis.as<KinesisClient>(), lambda.as<LambdaClient>(), names)
  return { capacity, kinesis, lambda }
}

const errorOf = (name: string) => Object.assign(new Error('as AWS says'), { name })

describe('what is read', () => {
  test('is what the stream and its own mapping say', async () => {
    const { capacity, lambda } = cloudOf({ mappings: [other, mapping] })
    expect(await capacity.read()).toEqual({
      stream: 'provisioned',
      shards: 2,
      parallelization: 4,
      consumer: 'standard',
      warmMiBps: 0,
      isUpdating: false,
    })
    expect(lambda.inputs).toEqual([{ FunctionName: 'burst' }])
  })

  test('of an on-demand stream is what it was asked to be warm for', async () => {
    const stream = {
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      WarmThroughput: { TargetMiBps: 8, CurrentMiBps: 4 },
    }
    expect(await cloudOf({ stream }).capacity.read()).toMatchObject({ stream: 'onDemand', warmMiBps: 8 })
  })

  test.each([
    ['the stream', { stream: { StreamStatus: 'UPDATING' } }],
    ['the mapping', { mappings: [{ ...mapping, State: 'Updating' }] }],
  ])('is under way while %s is updating', async (_, world) => {
    expect((await cloudOf(world).capacity.read()).isUpdating).toBe(true)
  })

  test('is nothing without a mapping from the stream', async () => {
    await expect(cloudOf({ mappings: [other] }).capacity.read()).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('there is none for stream overflow'),
    })
  })
})

describe('a step', () => {
  test('for the parallelization goes to the mapping by its id', async () => {
    const { capacity, lambda } = cloudOf()
    await capacity.apply({ kind: 'parallelization', to: 10 })
    expect(lambda.inputs[1]).toEqual({ UUID: 'mapping-1', ParallelizationFactor: 10 })
  })

  test.each([
    ['shards', { StreamName: 'overflow', TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' }],
    ['warmThroughput', { StreamName: 'overflow', WarmThroughputMiBps: 4 }],
  ] as const)('for %s goes to the stream', async (kind, input) => {
    const { capacity, kinesis } = cloudOf()
    await capacity.apply({ kind, to: 4 })
    expect(kinesis.inputs).toEqual([input])
  })

  test.each([
    ['ResourceInUseException', 'busy', /another change is under way/],
    ['LimitExceededException', 'limit', /ten times within 24 hours/],
    ['AccessDeniedException', 'forbidden', /EdgeNodeScalingPolicy/],
    ['ValidationException', 'invalid', /as AWS says/],
    ['TimeoutError', 'unreachable', /tried again/],
  ])('that ends in %s is refused as %s, with a hint', async (name, code, hint) => {
    const call = cloudOf({ errors: [errorOf(name)] }).capacity.apply({ kind: 'shards', to: 4 })
    await expect(call).rejects.toBeInstanceOf(CapacityFailure)
    await expect(call).rejects.toMatchObject({ code, retryable: true, message: expect.stringMatching(hint) })
  })
})
