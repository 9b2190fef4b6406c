import { describe, expect, test } from '@jest/globals'
import type { KinesisStreamEvent } from 'aws-lambda'
import fc from 'fast-check'
import { EventSourceMapping } from '../../../localstack/embedded/event-source-mapping/event-source-mapping'
import { describeMapping } from '../../../localstack/embedded/event-source-mapping/mapping-description'
import { mappingConfig } from '../../../localstack/embedded/event-source-mapping/mapping-properties'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'
import { VirtualTime } from '../virtual-time'

const identity = {
  uuid: '2b733fdc-8ac3-4df5-af3a-1827b3b11284',
  executionRoleArn: 'arn:aws:iam::000000000000:role/burst',
}
const required = {
  EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/burst',
  FunctionName: 'burst',
  StartingPosition: 'TRIM_HORIZON',
}

function read(properties: object) {
  return mappingConfig({ ...required, ...properties }, identity)
}

describe('the properties of a mapping', () => {
  test('have the defaults of AWS', () => {
    expect(read({})).toEqual({
      ...identity,
      enabled: true,
      eventSourceArn: required.EventSourceArn,
      functionName: 'burst',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:burst',
      startingPosition: { kind: 'TRIM_HORIZON' },
      batchSize: 100,
      batchingWindowMs: 0,
      parallelizationFactor: 1,
      reportBatchItemFailures: false,
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: Number.POSITIVE_INFINITY,
      maximumRecordAgeMs: Number.POSITIVE_INFINITY,
      onFailureDestinationArn: undefined,
      pollIntervalMs: 1000,
      pushMs: 70,
      consumer: 'standard',
    })
  })

  test('are translated', () => {
    const config = read({
      Enabled: 'false',
      BatchSize: '500',
      MaximumBatchingWindowInSeconds: 2,
      ParallelizationFactor: 10,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 60,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:dead' } },
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_541_139_109,
    })
    expect(config).toMatchObject({
      enabled: false,
      batchSize: 500,
      batchingWindowMs: 2000,
      parallelizationFactor: 10,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 3,
      maximumRecordAgeMs: 60_000,
      reportBatchItemFailures: true,
      onFailureDestinationArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      startingPosition: { kind: 'AT_TIMESTAMP', ms: 1_541_139_109_000 },
    })
  })

  test('name the function by name, partial ARN or ARN', () => {
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:burst'
    for (const FunctionName of ['burst', 'function:burst', '123456789012:function:burst', arn]) {
      expect(read({ FunctionName }).functionName).toBe('burst')
    }
    expect(read({ FunctionName: arn }).functionArn).toBe(arn)
  })

  test.each([
    ['BatchSize', 0],
    ['BatchSize', 10_001],
    ['BatchSize', 1.5],
    ['BatchSize', 'many'],
    ['MaximumBatchingWindowInSeconds', 301],
    ['ParallelizationFactor', 0],
    ['ParallelizationFactor', 11],
    ['MaximumRetryAttempts', -2],
    ['MaximumRetryAttempts', 10_001],
    ['MaximumRecordAgeInSeconds', 59],
    ['MaximumRecordAgeInSeconds', 604_801],
    ['FunctionResponseTypes', ['ReportEverything']],
    ['StartingPosition', 'NEWEST'],
    ['StartingPositionTimestamp', 1_541_139_109],
    ['EventSourceArn', 'arn:aws:sqs:us-east-1:000000000000:queue'],
    ['FunctionName', 'burst:PROD'],
    ['DestinationConfig', { OnFailure: { Destination: 'queue' } }],
    ['TumblingWindowInSeconds', 30],
    ['FilterCriteria', { Filters: [] }],
  ])('refuse %s = %p and name it', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValueException', message: expect.stringContaining(name) }),
    )
  })

  test('refuse AT_TIMESTAMP without its time', () => {
    expect(() => read({ StartingPosition: 'AT_TIMESTAMP' })).toThrow('StartingPositionTimestamp')
  })

  test('come back in the description as AWS lists them', () => {
    const status = { state: 'Enabled', lastModifiedMs: 1_700_000_000_500, lastResult: 'OK' } as const
    expect(describeMapping(read({}), status)).toEqual({
      UUID: identity.uuid,
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${identity.uuid}`,
      EventSourceArn: required.EventSourceArn,
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:burst',
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: false,
      MaximumRetryAttempts: -1,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      DestinationConfig: {},
      LastModified: 1_700_000_000.5,
      LastProcessingResult: 'OK',
      State: 'Enabled',
      StateTransitionReason: 'User action',
    })
  })
})

describe('the order of records', () => {
  /** One thing that happens to an invocation: how long it takes and how it ends. */
  const anyFate = fc.record({
    tookMs: fc.integer({ min: 0, max: 300 }),
    kind: fc.constantFrom('ok', 'ok', 'error', 'throttled', 'failed from', 'malformed'),
    at: fc.nat({ max: 9 }),
  })

  type Fate = ReturnType<typeof fateOf>
  const fateOf = (fates: readonly { tookMs: number; kind: string; at: number }[], call: number) =>
    fates[call] ?? { tookMs: 10, kind: 'ok', at: 0 }

  /** One thing that happens to the capacity. */
  const anyScaling = fc.oneof(
    fc.record({ kind: fc.constant('shards' as const), to: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('lanes' as const), to: fc.integer({ min: 1, max: 5 }) }),
  )

  const anyRun = fc.record({
    consumer: fc.constantFrom('', '/consumer/c:1'),
    scalings: fc.array(anyScaling, { maxLength: 6 }),
    shardCount: fc.integer({ min: 1, max: 3 }),
    keys: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 60 }),
    fates: fc.array(anyFate, { maxLength: 40 }),
    properties: fc.record({
      BatchSize: fc.integer({ min: 1, max: 10 }),
      ParallelizationFactor: fc.integer({ min: 1, max: 4 }),
      MaximumBatchingWindowInSeconds: fc.constantFrom(0, 1),
      BisectBatchOnFunctionError: fc.boolean(),
      MaximumRetryAttempts: fc.constantFrom(-1, 1),
    }),
  })

  function outcomeOf(fate: Fate, sequenceNumbers: readonly string[]): InvokeOutcome {
    const answered = (answer: object): InvokeOutcome => ({
      kind: 'ok',
      payload: Buffer.from(JSON.stringify(answer)),
      requestId: 'r',
    })
    switch (fate.kind) {
      case 'error':
        return { kind: 'error', errorType: 'Error', payload: Buffer.from('{}'), requestId: 'r' }
      case 'throttled':
        return { kind: 'throttled', message: 'Rate Exceeded.' }
      case 'failed from':
        return answered({ batchItemFailures: [{ itemIdentifier: sequenceNumbers[fate.at % sequenceNumbers.length] }] })
      case 'malformed':
        return answered({ batchItemFailures: [{}] })
      default:
        return answered({})
    }
  }

  /** How many of a batch's records a function has processed when it ends as `outcome` says. */
  function processedOf(fate: Fate, count: number): number {
    return fate.kind === 'ok' ? count : fate.kind === 'failed from' ? fate.at % count : 0
  }

  test('through any failures and scaling, every record is processed or discarded once, and each key in its order', async () => {
    await fc.assert(
      fc.asyncProperty(anyRun, async ({ shardCount, keys, fates, scalings, properties, consumer }) => {
        const time = new VirtualTime()
        const store = new KinesisStore()
        const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount } }, time.now())
        const config = mappingConfig(
          {
            EventSourceArn: stream.arn + consumer,
            FunctionName: 'f',
            StartingPosition: 'TRIM_HORIZON',
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::dead' } },
            ...properties,
          },
          { uuid: 'u', executionRoleArn: 'r' },
        )
        const finished: string[] = []
        let processed = 0
        let discarded = 0
        const textsOf = (event: KinesisStreamEvent) =>
          event.Records.map(({ kinesis }) => `${kinesis.partitionKey}:${Buffer.from(kinesis.data, 'base64')}`)
        let calls = 0
        const mapping = new EventSourceMapping(config, {
          reader: shardReader(store, stream),
          now: time.now,
          startTimer: time.startTimer,
          async sendToDestination(_arn, body) {
            const texts = textsOf(JSON.parse(JSON.parse(body).payload))
            discarded += texts.length
            finished.push(...texts)
          },
          async invoke(_name, payload) {
            const event: KinesisStreamEvent = JSON.parse(payload.toString())
            const fate = fateOf(fates, calls++)
            if (fate.tookMs > 0) await time.sleep(fate.tookMs)
            const texts = textsOf(event).slice(0, processedOf(fate, event.Records.length))
            processed += texts.length
            finished.push(...texts)
            return outcomeOf(
              fate,
              event.Records.map(({ kinesis }) => kinesis.sequenceNumber),
            )
          },
        })
        for (const [index, key] of keys.entries()) {
          const partitionKey = `key-${key}`
          store.put(
            stream,
            { partitionKey, data: Buffer.from(String(index)).toString('base64'), bytes: 10 },
            undefined,
            time.now(),
          )
          if (index % 10 !== 9) continue
          await time.pass(200)
          const scaling = scalings[(index - 9) / 10]
          if (scaling?.kind === 'shards') store.reshard(stream, scaling.to, time.now())
          if (scaling?.kind === 'lanes' && mapping.describe().State === 'Enabled')
            mapping.update({ parallelizationFactor: scaling.to })
        }
        await time.pass(120_000)
        await mapping.stop()
        expect(processed + discarded).toBe(keys.length)
        expect(new Set(finished).size).toBe(keys.length)
        for (const key of new Set(keys)) {
          const put = keys.flatMap((candidate, index) => (candidate === key ? [`key-${key}:${index}`] : []))
          expect(finished.filter((text) => text.startsWith(`key-${key}:`))).toEqual(put)
        }
      }),
      { numRuns: 80 },
    )
  })
})
