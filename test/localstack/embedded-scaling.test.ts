import { KinesisClient, PutRecordCommand, PutRecordsCommand, UpdateShardCountCommand } from '@aws-sdk/client-kinesis'
import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { CloudCapacity } from '../../cloud/capacity'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { eventually } from '../support/eventually'
import { fixtureMapping, fixturePackage } from './fixture-package'

const RESOURCES = {
  Flow: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow', ShardCount: 2 } },
  Mapping: fixtureMapping('tells', {
    BatchSize: 5,
  }),
}

/** Prints what it was given, one line a record. */
const source = `exports.handler = async ({ Records }) => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  for (const { kinesis } of Records) console.log('saw ' + Buffer.from(kinesis.data, 'base64') + '.')
}`

const seen: string[] = []
let cloud: EmbeddedCloud
let kinesis: KinesisClient
let lambda: LambdaClient
let UUID = ''

beforeAll(async () => {
  const onFunctionLog = (_name: string, line: string) => {
    const [, text] = /saw (\d+)\./.exec(line) ?? []
    if (text !== undefined) seen.push(text)
  }
  cloud = await startEmbeddedCloud({ port: 0, pollIntervalMs: 10, onFunctionLog })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const settings = { endpoint: cloud.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 }
  kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() })
  lambda = new LambdaClient(settings)
  await provision(cloud.endpoint, fixturePackage({ tells: { source } }, RESOURCES))
  const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: 'tells' }))
  UUID = EventSourceMappings?.[0]?.UUID ?? ''
}, 30_000)

afterAll(async () => {
  kinesis.destroy()
  lambda.destroy()
  await cloud.stop()
})

const updateMapping = (more: object) => lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more }))
const texts = (from: number, count: number) => Array.from({ length: count }, (_, index) => String(from + index))

async function put(from: number, count: number): Promise<void> {
  const Records = texts(from, count).map((text) => ({ PartitionKey: text, Data: Buffer.from(text) }))
  await kinesis.send(new PutRecordsCommand({ StreamName: 'flow', Records }))
}

test('while the mapping runs, more lanes and a resharding lose no record and double none', async () => {
  await put(0, 60)
  const answer = await updateMapping({ ParallelizationFactor: 4 })
  expect(answer).toMatchObject({ $metadata: { httpStatusCode: 202 }, State: 'Updating', ParallelizationFactor: 4 })
  await put(60, 60)
  const scaling = { StreamName: 'flow', TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' } as const
  await kinesis.send(new UpdateShardCountCommand(scaling))
  await put(120, 60)
  await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(180), 15_000)
  expect([...seen].sort((one, other) => Number(one) - Number(other))).toEqual(texts(0, 180))
  const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID }))
  expect(mapping).toMatchObject({ State: 'Enabled', ParallelizationFactor: 4 })
  expect(cloud.stats().streams.flow).toEqual({ records: 180 })
}, 20_000)

test.each([
  ['a factor that AWS does not take', { ParallelizationFactor: 11 }, 'ParallelizationFactor'],
  ['what cannot be changed here', { BatchSize: 3 }, 'BatchSize'],
])('%s is refused by its name', async (_, more, name) => {
  await expect(updateMapping(more)).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: expect.stringContaining(name),
  })
})

test('the edge node reads and changes all of it', async () => {
  const cloudHalf = new CloudCapacity(kinesis, lambda, { stream: 'flow', burstFunction: 'tells' })
  const settled = async () => {
    for (;;) {
      const capacity = await cloudHalf.read()
      if (!capacity.isUpdating) return capacity
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  expect(await settled()).toMatchObject({ stream: 'provisioned', shards: 4, parallelization: 4, warmMiBps: 0 })
  await cloudHalf.apply({ kind: 'shards', to: 2 })
  await cloudHalf.apply({ kind: 'parallelization', to: 1 })
  await expect(cloudHalf.apply({ kind: 'shards', to: 1 })).rejects.toMatchObject({ code: 'busy' })
  expect(await settled()).toMatchObject({ shards: 2, parallelization: 1 })
  await expect(cloudHalf.apply({ kind: 'shards', to: 5 })).rejects.toMatchObject({ code: 'limit' })
  await expect(cloudHalf.apply({ kind: 'warmThroughput', to: 5 })).rejects.toMatchObject({ code: 'invalid' })
})

test('a mapping that is not there is not found', async () => {
  const call = lambda.send(new UpdateEventSourceMappingCommand({ UUID: 'none', ParallelizationFactor: 2 }))
  await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})

describe('batches that are given up', () => {
  const RESOURCES = {
    Flow: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow' } },
    Failures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures' } },
    Mapping: fixtureMapping('fails', {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
    }),
  }

  test('a batch that its function gives up on is noted in the on-failure queue of the template', async () => {
    const cloud = await startEmbeddedCloud({ port: 0, pollIntervalMs: 10, onFunctionLog: () => {} })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const settings = { endpoint: cloud.endpoint, region: 'us-east-1', credentials }
    const kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() })
    const sqs = new SQSClient(settings)
    try {
      const source = `exports.handler = async () => { throw new Error('never') }`
      await provision(cloud.endpoint, fixturePackage({ fails: { source } }, RESOURCES))
      const record = { StreamName: 'flow', PartitionKey: 'a', Data: Buffer.from('poison') }
      const { SequenceNumber } = await kinesis.send(new PutRecordCommand(record))
      const notice = JSON.parse((await firstMessage(sqs, `${cloud.endpoint}/000000000000/failures`)).Body ?? '')
      expect(notice).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
        KinesisBatchInfo: { startSequenceNumber: SequenceNumber, batchSize: 1 },
      })
    } finally {
      kinesis.destroy()
      sqs.destroy()
      await cloud.stop()
    }
  })

  async function firstMessage(sqs: SQSClient, QueueUrl: string): Promise<Message> {
    for (;;) {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
      if (Messages?.[0] !== undefined) return Messages[0]
    }
  }
})
