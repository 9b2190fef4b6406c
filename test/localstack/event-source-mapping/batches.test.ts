import { describe, expect, test } from '@jest/globals'
import { readBatchResponse } from '../../../localstack/embedded/event-source-mapping/batch-response'
import { type FailureRules, judge, type Verdict } from '../../../localstack/embedded/event-source-mapping/batch-verdict'
import {
  type Gathered,
  type Gathering,
  gather,
  PAYLOAD_LIMIT_BYTES,
} from '../../../localstack/embedded/event-source-mapping/gathering'
import { kinesisEvent, payloadBytesOf } from '../../../localstack/embedded/event-source-mapping/kinesis-event'
import { backoffMs, laneOfKey } from '../../../localstack/embedded/event-source-mapping/lane'
import { roomFor } from '../../../localstack/embedded/event-source-mapping/shard-poller'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'

/** Payload bytes and time of reading of a record that waits. */
type Waiting = readonly [payloadBytes: number, readAtMs: number]

/** What differs from a mapping with BatchSize 10 and no window, asked at time 0. */
interface Case {
  readonly windowMs?: number
  readonly windowFromMs?: number
  readonly now?: number
}

const empty: Gathering = { kind: 'empty' }
const MIB = 1024 * 1024
const ready = (records: number): Gathering => ({ kind: 'ready', records })
const waitUntil = (untilMs: number): Gathering => ({ kind: 'wait', untilMs })
const small = (count: number, readAtMs = 0) => Array.from({ length: count }, (): Waiting => [100, readAtMs])

const rows: readonly (readonly [rule: string, readonly Waiting[], Case, Gathering])[] = [
  ['nothing to send is no batch', [], {}, empty],
  ['without a window the function is called as soon as there is a record', small(1), {}, ready(1)],
  ['a batch holds at most BatchSize records', small(15), {}, ready(10)],
  ['with a window a full batch does not wait', small(10), { windowMs: 5000 }, ready(10)],
  ['with a window fewer records wait for its end', small(9), { windowMs: 5000 }, waitUntil(5000)],
  ['at the end of the window they are sent', small(9), { windowMs: 5000, now: 5000 }, ready(9)],
  [
    'a window begins when the invocation before it ends',
    small(1, 700),
    { windowFromMs: 700, windowMs: 5000, now: 800 },
    waitUntil(5700),
  ],
  [
    'a record read during the invocation waits for the window after it',
    small(1, 300),
    { windowFromMs: 700, windowMs: 5000, now: 800 },
    waitUntil(5700),
  ],
  ['after an empty window the next one begins', small(1, 12000), { windowMs: 5000, now: 12_000 }, waitUntil(15_000)],
  [
    'the payload limit ends a batch before BatchSize',
    [
      [4 * MIB, 0],
      [MIB, 0],
      [2 * MIB, 0],
    ],
    {},
    ready(2),
  ],
  [
    'a batch that the payload limit fills does not wait for the window',
    [
      [4 * MIB, 0],
      [3 * MIB, 0],
    ],
    { windowMs: 5000 },
    ready(1),
  ],
]

describe('when records become a batch', () => {
  test.each(rows)('%s', (_rule, waiting, { windowMs = 0, windowFromMs = 0, now = 0 }, gathering) => {
    const gathered: readonly Gathered[] = waiting.map(([payloadBytes, readAtMs]) => ({ payloadBytes, readAtMs }))
    expect(gather(gathered, windowFromMs, now, { batchSize: 10, batchingWindowMs: windowMs })).toEqual(gathering)
  })
})

describe('the event', () => {
  const frame = {
    shardId: 'shardId-000000000006',
    eventSourceArn: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
    executionRoleArn: 'arn:aws:iam::123456789012:role/lambda-role',
  }
  const sequenceNumber = '49590338271490256608559692538361571095921575989136588898'
  const record = { sequenceNumber, partitionKey: 'ключ "1"', data: 'SGVsbG8=', bytes: 5, arrivalMs: 1_545_084_650_987 }

  test('has the shape that AWS documents', () => {
    expect(JSON.parse(kinesisEvent([record], frame))).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'ключ "1"',
            sequenceNumber,
            data: 'SGVsbG8=',
            approximateArrivalTimestamp: 1_545_084_650.987,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `shardId-000000000006:${sequenceNumber}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda-role',
          awsRegion: 'us-east-2',
          eventSourceARN: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
        },
      ],
    })
  })

  test('of a batch that just fits is at most 6 MB, and one record more would be over', () => {
    const large = { ...record, data: 'A'.repeat(5000) }
    const waiting = Array.from({ length: 2000 }, () => ({ payloadBytes: payloadBytesOf(large, frame), readAtMs: 0 }))
    const gathering = gather(waiting, 0, 0, { batchSize: 2000, batchingWindowMs: 0 })
    const count = gathering.kind === 'ready' ? gathering.records : 0
    const bytesOf = (records: number) =>
      Buffer.byteLength(
        kinesisEvent(
          Array.from({ length: records }, () => large),
          frame,
        ),
      )
    expect(bytesOf(count)).toBeLessThanOrEqual(PAYLOAD_LIMIT_BYTES)
    expect(bytesOf(count + 1)).toBeGreaterThan(PAYLOAD_LIMIT_BYTES)
  })
})

test('retries back off exponentially up to a limit', () => {
  expect([1, 2, 3, 6, 7, 1e9].map(backoffMs)).toEqual([100, 200, 400, 3200, 5000, 5000])
})

test('the keys of a stream spread over the lanes', () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`)
  const counts = Array.from({ length: 10 }, (_, lane) => keys.filter((key) => laneOfKey(key, 10) === lane).length)
  expect(Math.min(...counts)).toBeGreaterThan(50)
  expect(keys.map((key) => laneOfKey(key, 1))).toEqual(keys.map(() => 0))
})

describe('how much a shard may buffer', () => {
  const record = { sequenceNumber: '1', partitionKey: 'k', data: '', bytes: 1, arrivalMs: 0 }
  const pending = (count: number, payloadBytes: number) =>
    Array.from({ length: count }, () => ({ record, payloadBytes, readAtMs: 0 }))

  test('two batches for each lane', () => {
    expect(roomFor(pending(0, 1), 3, 10)?.records).toBe(60)
    expect(roomFor(pending(59, 1), 3, 10)?.records).toBe(1)
    expect(roomFor(pending(60, 1), 3, 10)).toBeUndefined()
  })

  test('or two full payloads for each lane', () => {
    expect(roomFor(pending(11, MIB), 1, 100)?.bytes).toBe(MIB)
    expect(roomFor(pending(12, MIB), 1, 100)).toBeUndefined()
  })

  test('one read never asks for more than GetRecords gives', () => {
    expect(roomFor([], 10, 10_000)).toEqual({ records: 10_000, bytes: 10 * MIB })
  })
})

describe('what becomes of a batch', () => {
  const INFINITE = Number.POSITIVE_INFINITY
  const requestId = 'r'

  function returned(answer: unknown): InvokeOutcome {
    return { kind: 'ok', payload: Buffer.from(JSON.stringify(answer) ?? ''), requestId }
  }

  function failures(...itemIdentifiers: unknown[]): InvokeOutcome {
    return returned({ batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })) })
  }

  const threw: InvokeOutcome = { kind: 'error', errorType: 'Error', payload: Buffer.from('{}'), requestId }
  const throttled: InvokeOutcome = { kind: 'throttled', message: 'Rate Exceeded.' }
  const notFound: InvokeOutcome = { kind: 'not_found', message: 'Function not found' }

  /** What differs from a batch of records "1" to "4", sent for the first time by a mapping with AWS's defaults. */
  interface Case {
    readonly records?: number
    readonly retriesUsed?: number
    readonly report?: boolean
    readonly bisect?: boolean
    readonly attempts?: number
  }

  const done: Verdict = { kind: 'done' }
  const again: Verdict = { kind: 'retry', counted: true }
  const againUncounted: Verdict = { kind: 'retry', counted: false }
  const giveUp: Verdict = { kind: 'give_up' }
  const checkpointAt = (index: number): Verdict => ({ kind: 'checkpoint', index })
  const splitAt = (index: number): Verdict => ({ kind: 'split', index })

  // One row for each rule of AWS's pages "Using Lambda with Kinesis", "Configuring partial batch response" and "Retain
  // discarded batch records". They leave open what a foreign sequence number, an answer of another shape, and bisecting
  // at the first record mean.
  const rows: readonly (readonly [rule: string, InvokeOutcome, Case, Verdict])[] = [
    ['a function that returns has processed its batch', returned({ any: 'thing' }), {}, done],
    ['without ReportBatchItemFailures a reported failure is not looked at', failures('2'), {}, done],
    ['a function error retries the whole batch', threw, {}, again],
    ['MaximumRetryAttempts -1 retries for ever', threw, { retriesUsed: 1e9 }, again],
    ['MaximumRetryAttempts 0 discards after the first failure', threw, { attempts: 0 }, giveUp],
    ['a retry that is left is used', threw, { attempts: 2, retriesUsed: 1 }, again],
    ['after the last retry the batch is discarded', threw, { attempts: 2, retriesUsed: 2 }, giveUp],
    ['a throttled invocation is retried and uses no retry', throttled, { attempts: 0 }, againUncounted],
    ['a throttled batch is not split', throttled, { bisect: true }, againUncounted],
    ['a function that does not exist is waited for and uses no retry', notFound, { attempts: 0 }, againUncounted],
    ['bisecting halves a batch on a function error', threw, { records: 4, bisect: true }, splitAt(2)],
    [
      'bisecting an odd batch puts the middle record into the first half',
      threw,
      { records: 5, bisect: true },
      splitAt(3),
    ],
    ['splitting comes before any retry and uses none', threw, { bisect: true, attempts: 0 }, splitAt(2)],
    ['a batch of one record cannot be split and is retried', threw, { records: 1, bisect: true }, again],
    ['a batch of one record out of retries is discarded', threw, { records: 1, bisect: true, attempts: 0 }, giveUp],
    [
      'a function error bisects regardless of ReportBatchItemFailures',
      threw,
      { records: 4, bisect: true, report: true },
      splitAt(2),
    ],
    ['an empty answer is a full success', returned(undefined), { report: true }, done],
    ['a null answer is a full success', returned(null), { report: true }, done],
    ['an empty object is a full success', returned({}), { report: true }, done],
    ['an empty list is a full success', returned({ batchItemFailures: [] }), { report: true }, done],
    ['a null list is a full success', returned({ batchItemFailures: null }), { report: true }, done],
    ['the records before the reported one are done', failures('3'), { report: true }, checkpointAt(2)],
    [
      'of several reported records the lowest is the checkpoint',
      failures('4', '2', '3'),
      { report: true },
      checkpointAt(1),
    ],
    ['a checkpoint needs no retry to be left', failures('2'), { report: true, attempts: 0 }, checkpointAt(1)],
    [
      'with bisecting, too, the batch is cut at the returned number',
      failures('4'),
      { report: true, bisect: true },
      checkpointAt(3),
    ],
    ['a batch that fails at its first record again is the same batch: a retry', failures('1'), { report: true }, again],
    ['and is discarded when it has none left', failures('1'), { report: true, attempts: 1, retriesUsed: 1 }, giveUp],
    [
      'with bisecting, failing at the first record halves the batch',
      failures('1'),
      { report: true, bisect: true },
      splitAt(2),
    ],
    ['an empty itemIdentifier fails the whole batch', failures(''), { report: true }, again],
    ['a null itemIdentifier fails the whole batch', failures(null), { report: true }, again],
    ['one bad itemIdentifier among good ones fails the whole batch', failures('3', ''), { report: true }, again],
    ['a bad key name fails the whole batch', returned({ batchItemFailures: [{ id: '2' }] }), { report: true }, again],
    ['a sequence number of another batch fails the whole batch', failures('9'), { report: true }, again],
    ['an answer that is no object fails the whole batch', returned('fine'), { report: true }, again],
    ['a list that is no list fails the whole batch', returned({ batchItemFailures: '2' }), { report: true }, again],
    ['a whole-batch failure can be bisected', failures(''), { report: true, bisect: true }, splitAt(2)],
  ]

  describe('what happens to a batch when its invocation ends', () => {
    test.each(rows)('%s', (_rule, outcome, { records = 4, retriesUsed = 0, report, bisect, attempts }, verdict) => {
      const sequenceNumbers = Array.from({ length: records }, (_, index) => String(index + 1))
      const rules: FailureRules = {
        reportBatchItemFailures: report ?? false,
        bisectBatchOnFunctionError: bisect ?? false,
        maximumRetryAttempts: attempts ?? INFINITE,
      }
      expect(judge({ sequenceNumbers, retriesUsed }, outcome, rules)).toEqual(verdict)
    })

    test('a malformed answer says what is wrong with it', () => {
      const answer = Buffer.from('{"batchItemFailures":[{"itemIdentifier":"9"}]}')
      expect(readBatchResponse(answer, ['1'])).toEqual({
        kind: 'malformed',
        reason: 'itemIdentifier 9 is not in the batch',
      })
    })
  })
})
