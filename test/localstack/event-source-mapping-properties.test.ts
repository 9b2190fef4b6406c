import { describe, expect, test } from '@jest/globals'
import { describeMapping } from '../../localstack/embedded/event-source-mapping/mapping-description'
import { mappingConfig } from '../../localstack/embedded/event-source-mapping/mapping-properties'

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
