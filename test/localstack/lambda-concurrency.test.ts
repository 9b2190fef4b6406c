import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { eventually } from '../support/eventually'
import { fixturePackage } from './fixture-package'
import { type Gate, startGate, WAITING_HANDLER } from './gate'

const FUNCTIONS = { waits: { source: WAITING_HANDLER }, other: { source: WAITING_HANDLER } }

let cloud: EmbeddedCloud
let lambda: LambdaClient
let gate: Gate

beforeAll(async () => {
  gate = await startGate()
  cloud = await startEmbeddedCloud({ port: 0, concurrency: 2 })
  await provision(cloud.endpoint, fixturePackage(FUNCTIONS))
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  lambda = new LambdaClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}, 30_000)

afterAll(async () => {
  lambda.destroy()
  await cloud.stop()
  await gate.close()
})

async function pidOf(FunctionName: keyof typeof FUNCTIONS, event: { gate?: string }): Promise<number> {
  const { Payload } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
  )
  return JSON.parse(Buffer.from(Payload ?? []).toString())
}

test('calls at the same time have a process each, and above the limit of the account they are throttled', async () => {
  const busy = [pidOf('waits', { gate: gate.url }), pidOf('waits', { gate: gate.url })]
  await gate.arrived(2)
  await expect(pidOf('other', {})).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    Reason: 'ConcurrentInvocationLimitExceeded',
    Type: 'User',
    message: 'Rate Exceeded.',
    $metadata: { httpStatusCode: 429 },
  })
  expect(cloud.stats().functions).toMatchObject({ waits: { concurrent: 2 }, other: { throttles: 1, invocations: 0 } })
  gate.open()
  expect(new Set(await Promise.all(busy)).size).toBe(2)
  expect(await pidOf('other', {})).toBeGreaterThan(0)
})

test('the process that worked last is used first, so that the others can rest', async () => {
  const last = await pidOf('waits', {})
  expect([await pidOf('waits', {}), await pidOf('waits', {})]).toEqual([last, last])
})

test('new code is used from the next call on, while invocations at work end on the old code', async () => {
  const old = pidOf('waits', { gate: gate.url })
  await gate.arrived(1)
  const source = `exports.handler = async () => 'new code'`
  const answer = await provision(cloud.endpoint, fixturePackage({ ...FUNCTIONS, waits: { source } }))
  expect(answer.change).toBe('updated')
  expect(await pidOf('waits', {})).toBe('new code')
  gate.open()
  expect(await old).toBeGreaterThan(0)
})

test('a process that has nothing to do is ended, and the next call starts cold', async () => {
  const cloud = await startEmbeddedCloud({ port: 0, idleTimeoutMs: 1 })
  try {
    await provision(cloud.endpoint, fixturePackage({ pid: { source: 'exports.handler = async () => process.pid' } }))
    const invoke = async () => {
      const answer = await fetch(`${cloud.endpoint}/2015-03-31/functions/pid/invocations`, {
        method: 'POST',
        body: '{}',
      })
      return answer.json()
    }
    const first = await invoke()
    await eventually(() => expect(cloud.stats().functions.pid?.instances).toBe(0))
    expect(await invoke()).not.toBe(first)
    expect(cloud.stats().functions.pid).toMatchObject({ invocations: 2, coldStarts: 2 })
  } finally {
    await cloud.stop()
  }
})
