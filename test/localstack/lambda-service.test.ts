import {
  GetFunctionCommand,
  InvokeCommand,
  type InvokeCommandOutput,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { eventually } from '../support/eventually'
import { fixturePackage } from './fixture-package'
import { type Gate, startGate, WAITING_HANDLER } from './gate'

const FUNCTIONS = {
  echo: { source: 'exports.handler = async (event) => ({ event, pid: process.pid })' },
  nothing: { source: 'exports.handler = async () => {}' },
  context: {
    source: `exports.handler = async (event, context) => ({
      ...context, remaining: context.getRemainingTimeInMillis(), environment: process.env })`,
  },
  throws: {
    source: `class OutOfInk extends Error { name = 'OutOfInk' }
      exports.handler = async (event) => { if (event.fail) throw new OutOfInk('no ink'); return process.pid }`,
  },
  throwsText: { source: `exports.handler = async () => { throw 'plain text' }` },
  exits: {
    source:
      'exports.handler = async (event) => { if (event.code !== undefined) process.exit(event.code); return process.pid }',
  },
  uncaught: {
    source: `exports.handler = async (event) => {
      if (event.fail) { setImmediate(() => { throw new TypeError('from nowhere') }); await new Promise(() => setInterval(() => {}, 1000)) }
      return 'fine' }`,
  },
  rejects: {
    source: `exports.handler = async () => {
      Promise.reject(new Error('nobody listens')); await new Promise(() => setInterval(() => {}, 1000)) }`,
  },
  spins: { source: 'exports.handler = async (event) => { while (event.spin) {} return process.pid }', timeoutS: 1 },
  large: { source: `exports.handler = async ({ bytes }) => 'x'.repeat(bytes - 2)` },
  circular: { source: 'exports.handler = async () => { const a = {}; a.a = a; return a }' },
  brokenStart: { source: `throw new RangeError('cannot start')` },
  syntax: { source: 'exports.handler = async ( => {}' },
  noExport: { source: 'exports.other = 1' },
  noFile: { source: 'exports.handler = 1', handler: 'missing.handler' },
  noModule: { source: `require('not-there')` },
}

const logLines: string[] = []
let cloud: EmbeddedCloud
let lambda: LambdaClient

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ port: 0, onFunctionLog: (name, line) => logLines.push(`${name}: ${line}`) })
  await provision(cloud.endpoint, fixturePackage(FUNCTIONS))
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  lambda = new LambdaClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}, 30_000)

afterAll(async () => {
  lambda.destroy()
  await cloud.stop()
})

function invoke(name: keyof typeof FUNCTIONS, payload: unknown = {}): Promise<InvokeCommandOutput> {
  return lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) }))
}

const answerOf = ({ Payload }: InvokeCommandOutput) => JSON.parse(Buffer.from(Payload ?? []).toString())

describe('invoking', () => {
  test('the first call starts cold, the next one finds the same process', async () => {
    const first = answerOf(await invoke('echo', { a: 1 }))
    const second = answerOf(await invoke('echo', { a: 2 }))
    expect(first.event).toEqual({ a: 1 })
    expect(second).toEqual({ event: { a: 2 }, pid: first.pid })
    expect(cloud.stats().functions.echo).toMatchObject({ invocations: 2, coldStarts: 1, instances: 1, concurrent: 0 })
  })

  test('no answer is null, and a call without payload gets an empty object', async () => {
    expect(answerOf(await invoke('nothing'))).toBeNull()
    expect(answerOf(await lambda.send(new InvokeCommand({ FunctionName: 'echo' }))).event).toEqual({})
  })

  test('a function is found by its ARN as well', async () => {
    const FunctionName = 'arn:aws:lambda:us-east-1:000000000000:function:nothing'
    expect((await lambda.send(new InvokeCommand({ FunctionName }))).StatusCode).toBe(200)
  })

  test('the handler knows its function, its request and its deadline, and nothing of the host', async () => {
    process.env.SPILLWAY_HOST_SECRET = 'host'
    const answer = await invoke('context')
    const seen = answerOf(answer)
    expect(seen).toMatchObject({ functionName: 'context', memoryLimitInMB: '128', functionVersion: '$LATEST' })
    expect(seen.awsRequestId).toBe(answer.$metadata.requestId)
    expect(seen.remaining).toBeGreaterThan(0)
    expect(seen.remaining).toBeLessThanOrEqual(30_000)
    expect(seen.environment).toMatchObject({
      COLOR: 'green',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: cloud.endpoint,
    })
    expect(seen.environment.SPILLWAY_HOST_SECRET).toBeUndefined()
    delete process.env.SPILLWAY_HOST_SECRET
  })

  test('an unknown function is ResourceNotFoundException', async () => {
    await expect(lambda.send(new InvokeCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    })
  })

  test('a payload that is no JSON is refused before the function sees it', async () => {
    const call = lambda.send(new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{') }))
    await expect(call).rejects.toMatchObject({ name: 'InvalidRequestContentException' })
  })

  test('an Event invocation is accepted at once and done later', async () => {
    const before = cloud.stats().functions.nothing?.invocations ?? 0
    const answer = await lambda.send(new InvokeCommand({ FunctionName: 'nothing', InvocationType: 'Event' }))
    expect(answer.StatusCode).toBe(202)
    await eventually(() => expect(cloud.stats().functions.nothing?.invocations).toBeGreaterThan(before))
  })

  test('a DryRun does not run', async () => {
    const before = cloud.stats().functions.exits?.invocations
    const answer = await lambda.send(new InvokeCommand({ FunctionName: 'exits', InvocationType: 'DryRun' }))
    expect(answer.StatusCode).toBe(204)
    expect(cloud.stats().functions.exits?.invocations).toBe(before)
  })
})

describe('failing', () => {
  test('an error that is thrown comes back with its own type, message and trace, and the process goes on', async () => {
    const failed = await invoke('throws', { fail: true })
    expect(failed).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' })
    expect(answerOf(failed)).toMatchObject({ errorType: 'OutOfInk', errorMessage: 'no ink' })
    expect(answerOf(failed).trace[0]).toBe('OutOfInk: no ink')
    expect((await invoke('throws')).FunctionError).toBeUndefined()
    expect(cloud.stats().functions.throws).toMatchObject({ coldStarts: 1, errors: 1 })
  })

  test('what is thrown need not be an Error', async () => {
    expect(answerOf(await invoke('throwsText'))).toEqual({ errorType: 'string', errorMessage: 'plain text', trace: [] })
  })

  test('a process that exits is the end of that invocation only', async () => {
    const failed = await invoke('exits', { code: 3 })
    expect(failed.FunctionError).toBe('Unhandled')
    expect(answerOf(failed)).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: exit status 3$/),
    })
    expect(answerOf(await invoke('exits', { code: 0 })).errorMessage).toMatch(
      /Runtime exited without providing a reason/,
    )
    expect((await invoke('exits')).FunctionError).toBeUndefined()
  })

  test('an exception that reaches nobody is reported with its type, and the next call has a new process', async () => {
    expect(answerOf(await invoke('uncaught', { fail: true }))).toMatchObject({ errorType: 'TypeError' })
    expect(answerOf(await invoke('uncaught'))).toBe('fine')
    expect(answerOf(await invoke('rejects')).errorType).toBe('Runtime.UnhandledPromiseRejection')
  })

  test('a function that takes too long is killed, even in an endless loop, and says so as AWS does', async () => {
    const failed = await invoke('spins', { spin: true })
    expect(failed).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' })
    expect(answerOf(failed)).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
    })
    expect((await invoke('spins')).FunctionError).toBeUndefined()
  })

  test.each([
    ['brokenStart', 'RangeError', 'cannot start'],
    ['syntax', 'Runtime.UserCodeSyntaxError', 'SyntaxError'],
    ['noExport', 'Runtime.HandlerNotFound', 'index.handler is undefined or not exported'],
    ['noFile', 'Runtime.ImportModuleError', "Cannot find module 'missing'"],
    ['noModule', 'Runtime.ImportModuleError', "Cannot find module 'not-there'"],
  ] as const)('code that cannot be loaded fails each call: %s is %s', async (name, errorType, message) => {
    for (const answer of [await invoke(name), await invoke(name)]) {
      expect(answer.FunctionError).toBe('Unhandled')
      expect(answerOf(answer)).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) })
    }
  })

  test('an answer that is no JSON value is an error of the function', async () => {
    expect(answerOf(await invoke('circular')).errorType).toBe('Runtime.MarshalError')
  })

  test('what functions print is logged with their names', async () => {
    await invoke('throws', { fail: true })
    expect(logLines.some((line) => line.startsWith('throws: ') && line.includes('OutOfInk'))).toBe(true)
  })
})

describe('payload limits', () => {
  const LIMIT_BYTES = 6 * 1024 * 1024

  test('a request of 6 MB is taken, one byte more is refused', async () => {
    const fits = Buffer.from(JSON.stringify('x'.repeat(LIMIT_BYTES - 2)))
    expect((await lambda.send(new InvokeCommand({ FunctionName: 'nothing', Payload: fits }))).StatusCode).toBe(200)
    const more = Buffer.from(JSON.stringify('x'.repeat(LIMIT_BYTES - 1)))
    await expect(lambda.send(new InvokeCommand({ FunctionName: 'nothing', Payload: more }))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
      $metadata: { httpStatusCode: 413 },
    })
  })

  test('an answer may have 100 bytes more than a request; one beyond that fails the invocation', async () => {
    const fits = await invoke('large', { bytes: LIMIT_BYTES + 100 })
    expect(fits.FunctionError).toBeUndefined()
    expect(fits.Payload?.length).toBe(LIMIT_BYTES + 100)
    const more = await invoke('large', { bytes: LIMIT_BYTES + 101 })
    expect(answerOf(more)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    })
  })

  test('an Event may have 1 MB', async () => {
    const Payload = Buffer.from(JSON.stringify('x'.repeat(1024 * 1024)))
    const call = lambda.send(new InvokeCommand({ FunctionName: 'nothing', InvocationType: 'Event', Payload }))
    await expect(call).rejects.toMatchObject({ name: 'RequestTooLargeException' })
  })
})

describe('describing', () => {
  test('GetFunction tells what the template said, and the function is active', async () => {
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'spins' }))
    expect(Configuration).toMatchObject({
      FunctionName: 'spins',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:spins',
      Timeout: 1,
      MemorySize: 128,
      Runtime: 'nodejs22.x',
      State: 'Active',
    })
    const { state } = await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 5 }, { FunctionName: 'spins' })
    expect(state).toBe('SUCCESS')
  })
})

describe('concurrency', () => {
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
})
