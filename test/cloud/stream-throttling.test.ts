import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { kinesisClient } from '../../cloud/clients'
import { KinesisStream } from '../../cloud/stream'
import { type Gateway, listen } from '../../localstack/embedded/gateway'
import { kinesisService } from '../../localstack/embedded/kinesis/kinesis-service'
import { KinesisStore } from '../../localstack/embedded/kinesis/kinesis-store'
import { jsonError, type WireService } from '../../localstack/embedded/wire'
import { instantSleeps } from './scripted-client'

const KIB = 1024
const absent: WireService = async () => jsonError(400, 'UnknownOperationException', 'there is only Kinesis here')

/** Shards take 1 MiB a second; a second here is four calls, however fast they are made. */
describe('a stream that throttles', () => {
  const environment = { ...process.env }
  let gateway: Gateway
  let client: KinesisClient
  let calls = 0

  beforeAll(async () => {
    const kinesis = kinesisService(new KinesisStore(), () => 1_700_000_000_000 + 250 * calls++)
    const others = { dynamodb: absent, sqs: absent, s3: absent, lambda: absent, lambda_runtime: absent }
    gateway = await listen({ kinesis, ...others, cloudformation: absent, stats: absent }, 0)
    const local = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
    Object.assign(process.env, local, { AWS_ENDPOINT_URL: gateway.endpoint })
    client = kinesisClient(process.env)
    await client.send(new CreateStreamCommand({ StreamName: 'overflow', ShardCount: 1 }))
  })
  beforeEach(() => {
    instantSleeps()
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })
  afterAll(async () => {
    client.destroy()
    await gateway.close()
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
    Object.assign(process.env, environment)
  })

  async function standing() {
    const StreamName = 'overflow'
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' }),
    )
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }))
    return Records.map(({ PartitionKey, Data }) => [PartitionKey, Buffer.from(Data!)[0]])
  }

  test('gets every record once in the end, and the report says how many were put off', async () => {
    const records = Array.from({ length: 20 }, (_, index) => ({
      partitionKey: `key ${index}`,
      data: new Uint8Array(100 * KIB).fill(index),
    }))
    const accepted: number[] = []
    const report = await new KinesisStream(client, 'overflow').put(records, (index) => accepted.push(index))
    expect(report.failed).toEqual([])
    expect(report.throttled).toBeGreaterThanOrEqual(10)
    const all = Array.from({ length: 20 }, (_, index) => index)
    expect([...accepted].sort((a, b) => a - b)).toEqual(all)
    expect(await standing()).toEqual(accepted.map((index) => [`key ${index}`, index]))
  })

  test('that is not there takes nothing, and the report says so', async () => {
    const records = [{ partitionKey: 'k', data: new Uint8Array(1) }]
    const report = await new KinesisStream(client, 'elsewhere').put(records, () => {
      throw new Error('nothing was accepted')
    })
    expect(report).toMatchObject({ failed: [0], throttled: 0, isOutage: true })
  })
})
