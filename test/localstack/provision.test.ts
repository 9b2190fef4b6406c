import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeStreamSummaryCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import {
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { ensurePackaged, type Packaged } from '../../localstack/package'
import { type Provisioned, provision } from '../../localstack/provision'
import { eventually } from '../support/eventually'
import { fixturePackage } from './fixture-package'

let packaged: Packaged
let cloud: EmbeddedCloud
let provisioned: Provisioned
let settings: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } }

beforeAll(async () => {
  packaged = await ensurePackaged({ onProgress: () => {} })
  cloud = await startEmbeddedCloud({ port: 0, pollIntervalMs: 10, onFunctionLog: () => {} })
  provisioned = await provision(cloud.endpoint, packaged)
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  settings = { endpoint: cloud.endpoint, region: 'us-east-1', credentials }
}, 180_000)

afterAll(() => cloud.stop())

test('the stack of serverless.yml is there, and its outputs are readable by the SDK', async () => {
  const client = new CloudFormationClient(settings)
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'spillway-dev' }))
  const outputs = Object.fromEntries(
    Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]) ?? [],
  )
  expect(outputs).toEqual(provisioned.outputs)
  expect(outputs).toMatchObject({
    StreamName: 'spillway-dev-overflow',
    PartialsTable: 'spillway-dev-partials',
    ResultsTable: 'spillway-dev-results',
    BurstFunction: 'spillway-dev-burst',
    MergeFunction: 'spillway-dev-merge',
    OnFailureQueueUrl: `${cloud.endpoint}/000000000000/spillway-dev-on-failure`,
  })
  client.destroy()
})

test('the stream has the shards of the template', async () => {
  const client = kinesisClient()
  const StreamName = provisioned.outputs.StreamName
  const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }))
  expect(StreamDescriptionSummary).toMatchObject({ OpenShardCount: 2, StreamStatus: 'ACTIVE' })
  client.destroy()
})

test.each(['PartialsTable', 'ResultsTable'] as const)(
  'the table %s is active and knows what expires its items',
  async (output) => {
    const client = new DynamoDBClient(settings)
    const TableName = provisioned.outputs[output]
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    expect(Table).toMatchObject({ TableStatus: 'ACTIVE', BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } })
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expiresAtS', TimeToLiveStatus: 'ENABLED' })
    client.destroy()
  },
)

test('the mapping from the stream to the function is listed with its options', async () => {
  const client = new LambdaClient(settings)
  const FunctionName = provisioned.outputs.BurstFunction
  const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({ FunctionName }))
  expect(EventSourceMappings).toHaveLength(1)
  expect(EventSourceMappings[0]).toMatchObject({
    EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/spillway-dev-overflow/consumer/spillway-dev-burst:1',
    ParallelizationFactor: 4,
    BatchSize: 10,
    State: 'Enabled',
  })
  const { UUID } = EventSourceMappings[0]!
  expect(await client.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({ UUID, BatchSize: 10 })
  const { EventSourceMappings: others } = await client.send(
    new ListEventSourceMappingsCommand({ FunctionName: provisioned.outputs.MergeFunction }),
  )
  expect(others).toEqual([])
  client.destroy()
})

test('a record that is put reaches the burst function', async () => {
  const client = kinesisClient()
  const Records = [{ PartitionKey: 'a', Data: Buffer.from('no envelope: it is skipped') }]
  await client.send(new PutRecordsCommand({ StreamName: provisioned.outputs.StreamName, Records }))
  await eventually(() => expect(cloud.stats().functions['spillway-dev-burst']?.invocations).toBeGreaterThan(0))
  expect(cloud.stats().streams['spillway-dev-overflow']).toEqual({ records: 1 })
  client.destroy()
})

test('both functions start from their bundles', async () => {
  const client = new LambdaClient(settings)
  const FunctionName = provisioned.outputs.BurstFunction
  const empty = await client.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{"Records":[]}') }))
  expect(JSON.parse(Buffer.from(empty.Payload ?? []).toString())).toEqual({ batchItemFailures: [] })
  const merge = await client.send(new InvokeCommand({ FunctionName: provisioned.outputs.MergeFunction }))
  expect(Buffer.from(merge.Payload ?? []).toString()).not.toMatch(/Runtime\.|Sandbox\./)
  client.destroy()
})

test('deploying the same again changes nothing', async () => {
  expect(await provision(cloud.endpoint, packaged)).toEqual({ ...provisioned, change: 'unchanged' })
})

test('a stack that cannot be is a failure with its reason', async () => {
  const taken = { Type: 'AWS::Kinesis::Stream', Properties: { Name: provisioned.outputs.StreamName } }
  await expect(provision(cloud.endpoint, fixturePackage({}, { Stream: taken }, 'other'))).rejects.toMatchObject({
    code: 'provisioning_failed',
    message: expect.stringMatching(/^spillway-other is UPDATE_ROLLBACK_COMPLETE: .*already exists/),
  })
})

function kinesisClient(): KinesisClient {
  return new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() })
}
