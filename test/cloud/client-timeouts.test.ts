import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { GetFunctionCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { parse } from 'yaml'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'

const environment = { ...process.env }
let server: Server

beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(400).end('{}')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const local = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
  Object.assign(process.env, local, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })
})
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  Object.assign(process.env, environment)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** What a client's connections are made with; known once it has made one. */
const CLIENTS = {
  DynamoDB: async () => {
    const client = dynamoClient()
    await client.send(new ListTablesCommand({})).catch(() => undefined)
    return client
  },
  Lambda: async () => {
    const client = lambdaClient()
    await client.send(new GetFunctionCommand({ FunctionName: 'f' })).catch(() => undefined)
    return client
  },
  'the burst function': async () => {
    const client = burstClient(100)
    await client.send(new GetFunctionCommand({ FunctionName: 'f' })).catch(() => undefined)
    return client
  },
  CloudFormation: async () => {
    const client = cloudFormationClient()
    await client.send(new DescribeStacksCommand({})).catch(() => undefined)
    return client
  },
  Kinesis: async () => {
    const client = kinesisClient(process.env)
    await client.send(new ListStreamsCommand({})).catch(() => undefined)
    return client
  },
} as const

async function settingsOf(name: keyof typeof CLIENTS) {
  const client = await CLIENTS[name]()
  const handler: unknown = client.config.requestHandler
  client.destroy()
  if (handler instanceof NodeHttpHandler) return handler.httpHandlerConfigs()
  throw new Error(`the ${name} client does not speak HTTP/1.1`)
}

describe('a call over a connection that is dead without a word', () => {
  test.each(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])('of %s ends with an error', async (name) => {
    const { connectionTimeout, requestTimeout, throwOnRequestTimeout } = await settingsOf(name)
    expect(connectionTimeout).toBeGreaterThan(0)
    expect(requestTimeout).toBeGreaterThan(0)
    expect(throwOnRequestTimeout).toBe(true)
  })

  test('of a function ends later than the function itself would be ended, so that one at work is not called again', async () => {
    const description = parse(readFileSync(join(__dirname, '../../serverless.yml'), 'utf8'), { logLevel: 'silent' })
    const functions = Object.values<{ timeout: number }>(description.functions)
    expect(functions.length).toBeGreaterThan(0)
    for (const client of ['Lambda', 'the burst function'] as const) {
      const { requestTimeout } = await settingsOf(client)
      for (const { timeout } of functions) expect(requestTimeout).toBeGreaterThan(timeout * 1000)
    }
  })
})
