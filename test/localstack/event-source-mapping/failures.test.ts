import { describe, expect, test } from '@jest/globals'
import { EventSourceMapping } from '../../../localstack/embedded/event-source-mapping/event-source-mapping'
import { mappingConfig } from '../../../localstack/embedded/event-source-mapping/mapping-properties'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'
import { VirtualTime } from '../virtual-time'
import { ok, sentBy, threw, throttled, timesOf, world } from './mapping-world'

describe('failures', () => {
  const destination = { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:dead' } } }

  test('a discarded batch is reported to the destination as AWS documents it', async () => {
    const { time, put, calls, notices, start } = world({ ...destination, MaximumRetryAttempts: 1 }, () => threw)
    put('a')
    await time.pass(20)
    put('b')
    const mapping = start()
    await time.pass(150)
    const [first] = calls
    expect(notices.map(({ arn, body }) => [arn, JSON.parse(body)])).toEqual([
      [
        'arn:aws:sqs:us-east-1:000000000000:dead',
        {
          requestContext: {
            requestId: 'request-1',
            functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:burst',
            condition: 'RetryAttemptsExhausted',
            approximateInvokeCount: 2,
          },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          version: '1.0',
          timestamp: '2023-11-14T22:13:20.120Z',
          KinesisBatchInfo: {
            shardId: 'shardId-000000000000',
            startSequenceNumber: first?.event.Records[0]?.kinesis.sequenceNumber,
            endSequenceNumber: first?.event.Records[1]?.kinesis.sequenceNumber,
            approximateArrivalOfFirstRecord: '2023-11-14T22:13:20.000Z',
            approximateArrivalOfLastRecord: '2023-11-14T22:13:20.020Z',
            batchSize: 2,
            streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/burst',
          },
        },
      ],
    ])
    expect(mapping.shards()).toMatchObject([{ discardedRecords: 2, bufferedRecords: 0 }])
    await mapping.stop()
  })

  test('a record too old to be sent is reported without a response', async () => {
    const { time, put, calls, notices, start } = world({ ...destination, MaximumRecordAgeInSeconds: 60 })
    put('old')
    await time.pass(60_001)
    put('new')
    const mapping = start()
    await time.pass(10)
    const notice = JSON.parse(notices[0]!.body)
    expect(notice.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 0 })
    expect(notice.responseContext).toBeUndefined()
    expect(notice.payload).toBeUndefined()
    expect(sentBy(calls)).toEqual([['new']])
    await mapping.stop()
  })

  test('a failure that the function reported itself is no function error', async () => {
    const properties = { ...destination, MaximumRetryAttempts: 0, FunctionResponseTypes: ['ReportBatchItemFailures'] }
    const { time, put, notices, start } = world(properties, () => ({
      ...ok,
      payload: Buffer.from('{"batchItemFailures":[{"itemIdentifier":""}]}'),
    }))
    put('a')
    const mapping = start()
    await time.pass(10)
    expect(JSON.parse(notices[0]!.body).responseContext.functionError).toBeNull()
    await mapping.stop()
  })

  test('a bucket gets the whole event as well', async () => {
    const bucket = { DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::dead' } } }
    const { time, put, calls, notices, start } = world({ ...bucket, MaximumRetryAttempts: 0 }, () => threw)
    put('a')
    const mapping = start()
    await time.pass(10)
    expect(JSON.parse(JSON.parse(notices[0]!.body).payload)).toEqual(calls[0]?.event)
    await mapping.stop()
  })

  test('a destination that cannot be reached does not hold up the shard', async () => {
    const time = new VirtualTime()
    const store = new KinesisStore()
    const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount: 1 } }, time.now())
    const properties = {
      EventSourceArn: stream.arn,
      FunctionName: 'f',
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1,
      MaximumRetryAttempts: 0,
    }
    const config = mappingConfig({ ...properties, ...destination }, { uuid: 'u', executionRoleArn: 'r' })
    for (const partitionKey of ['a', 'b'])
      store.put(stream, { partitionKey, data: 'AAAA', bytes: 4 }, undefined, time.now())
    const mapping = new EventSourceMapping(config, {
      reader: shardReader(store, stream),
      now: time.now,
      startTimer: time.startTimer,
      invoke: async () => threw,
      sendToDestination: async () => {
        throw new Error('no such queue')
      },
    })
    await time.pass(100)
    expect(mapping.shards()).toMatchObject([{ discardedRecords: 2, bufferedRecords: 0 }])
    expect(mapping.describe().LastProcessingResult).toContain('no such queue')
    await mapping.stop()
  })

  test('throttled invocations are repeated until the function takes them', async () => {
    let refusals = 4
    const { time, put, calls, start } = world({ MaximumRetryAttempts: 0 }, () => (refusals-- > 0 ? throttled : ok))
    put('a')
    const mapping = start()
    await time.pass(10_000)
    expect(timesOf(calls)).toEqual([0, 100, 300, 700, 1500])
    await mapping.stop()
  })
})

describe('what a mapping shows', () => {
  test('its last result in the words of AWS', async () => {
    let outcome: InvokeOutcome = ok
    const { time, put, start } = world({ MaximumRetryAttempts: 0 }, () => outcome)
    const mapping = start()
    expect(mapping.describe()).toMatchObject({ State: 'Enabled', LastProcessingResult: 'No records processed' })
    for (const [next, result] of [
      [ok, 'OK'],
      [threw, 'PROBLEM: Function call failed'],
    ] as const) {
      outcome = next
      put('a')
      await time.pass(1000)
      expect(mapping.describe().LastProcessingResult).toBe(result)
    }
    await mapping.stop()
  })

  test('the age of the oldest record of each shard that is not finished, read or not', async () => {
    const here = world({}, async () => {
      await here.time.sleep(5000)
      return ok
    })
    const mapping = here.start()
    await here.time.pass(100)
    here.put('a')
    await here.time.pass(400)
    expect(mapping.shards()[0]?.iteratorAgeMs).toBe(400)
    await here.time.pass(2000)
    expect(mapping.shards()[0]?.iteratorAgeMs).toBe(2400)
    await here.time.pass(5000)
    expect(mapping.shards()[0]?.iteratorAgeMs).toBe(0)
    await mapping.stop()
  })
})
