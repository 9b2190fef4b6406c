import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'

/** Of the SDK's request handlers, HTTP/1.1 and HTTP/2 alike, as far as it is looked at here. */
interface Handler {
  readonly configProvider: Promise<{ readonly requestTimeout?: number; readonly throwOnRequestTimeout?: boolean }>
}

describe('no call waits for ever', () => {
  test.each([
    ['DynamoDB', dynamoClient, 15_000],
    ['CloudFormation', cloudFormationClient, 15_000],
    ['Kinesis, local', () => kinesisClient({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }), 15_000],
    ['Lambda: longer than a function may work', lambdaClient, 65_000],
  ] as const)('%s', async (_, make, requestTimeout) => {
    const client = make()
    const config = await (client.config.requestHandler as unknown as Handler).configProvider
    expect(config).toMatchObject({ requestTimeout, throwOnRequestTimeout: true })
    client.destroy()
  })

  test('Kinesis over HTTP/2', async () => {
    const client = kinesisClient({})
    const config = await (client.config.requestHandler as unknown as Handler).configProvider
    expect(config).toEqual({ requestTimeout: 15_000 })
    client.destroy()
  })
})

describe('a cloud that takes a call and never answers', () => {
  const sockets = new Set<Socket>()
  let silent: Server

  beforeEach(async () => {
    silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    process.env.AWS_REGION = 'us-east-1'
    process.env.AWS_ACCESS_KEY_ID = 'test'
    process.env.AWS_SECRET_ACCESS_KEY = 'test'
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  })

  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
    delete process.env.AWS_ENDPOINT_URL
  })

  test('is called again by a client that waits no longer, and fails in the end', async () => {
    const client = dynamoClient()
    const read = new BatchGetItemCommand({ RequestItems: { t: { Keys: [{ pk: { S: 'a' } }] } } })
    await expect(client.send(read, { requestTimeout: 30 })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(sockets.size).toBe(4)
    client.destroy()
  })
})
