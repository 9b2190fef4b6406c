import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'

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
