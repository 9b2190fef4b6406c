import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { GetFunctionCommand } from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { parse } from 'yaml'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'

describe('what the clients are made of', () => {
  const VARIABLES = ['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_KINESIS', 'AWS_ACCESS_KEY_ID'] as const
  const before = VARIABLES.map((name) => [name, process.env[name]] as const)

  beforeEach(() => {
    for (const name of VARIABLES) delete process.env[name]
    process.env.AWS_REGION = 'eu-central-1'
  })
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  const protocolOf = (env: NodeJS.ProcessEnv) => {
    const client = kinesisClient(env)
    client.destroy()
    return client.config.requestHandler.metadata?.handlerProtocol
  }

  describe('the Kinesis client', () => {
    test.each([
      ['no endpoint of its own', {}, 'h2'],
      ['an endpoint behind TLS', { AWS_ENDPOINT_URL: 'https://kinesis.example' }, 'h2'],
      ['a local endpoint', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }, 'http/1.1'],
      ['a local endpoint for Kinesis alone', { AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:4567' }, 'http/1.1'],
      [
        'a local endpoint for the others alone',
        { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_ENDPOINT_URL_KINESIS: 'https://kinesis.example' },
        'h2',
      ],
    ])('with %s speaks the HTTP that is spoken there', (_, env, protocol) => {
      expect(protocolOf(env)).toBe(protocol)
    })

    test('does not try again by itself: failed records are retried alone', async () => {
      const client = kinesisClient({})
      expect(await client.config.maxAttempts()).toBe(1)
      client.destroy()
    })
  })

  describe('the other clients', () => {
    test.each([
      ['DynamoDB', dynamoClient],
      ['Lambda', lambdaClient],
      ['CloudFormation', cloudFormationClient],
    ] as const)('%s: HTTP/1.1, four attempts, and the region of the environment', async (_, make) => {
      const client = make()
      expect(client.config.requestHandler.metadata?.handlerProtocol).toBe('http/1.1')
      expect(await client.config.maxAttempts()).toBe(4)
      expect(await client.config.region()).toBe('eu-central-1')
      client.destroy()
    })
  })

  test.each([
    ['the product', "require('./cloud/clients').lambdaClient()"],
    ['the local clouds', "require('./localstack/provision').provision('http://127.0.0.1:1', {}).catch(() => {})"],
  ])(
    'a process of %s says nothing about versions of Node that later SDKs need',
    async (_, code) => {
      const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: __, ...env } = process.env
      const cwd = join(__dirname, '../..')
      const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', code], { cwd, env })
      expect(stderr).toBe('')
    },
    30_000,
  )

  describe('the client that calls the burst function', () => {
    test('does not try again by itself: a throttle is to be told from an outage', async () => {
      const client = burstClient(200)
      expect(await client.config.maxAttempts()).toBe(1)
      client.destroy()
    })
  })
})

describe('the time limits of the clients', () => {
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
})
