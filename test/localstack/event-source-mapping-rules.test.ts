import { describe, expect, test } from '@jest/globals'
import { backoffMs } from '../../localstack/embedded/event-source-mapping/backoff'
import { readBatchResponse } from '../../localstack/embedded/event-source-mapping/batch-response'
import { type FailureRules, judge, type Verdict } from '../../localstack/embedded/event-source-mapping/batch-verdict'
import { roomFor } from '../../localstack/embedded/event-source-mapping/buffer-room'
import {
  type Gathered,
  type Gathering,
  gather,
  PAYLOAD_LIMIT_BYTES,
} from '../../localstack/embedded/event-source-mapping/gathering'
import { kinesisEvent, payloadBytesOf } from '../../localstack/embedded/event-source-mapping/kinesis-event'
import { laneOfKey } from '../../localstack/embedded/event-source-mapping/lane-of-key'
import type { InvokeOutcome } from '../../localstack/embedded/wire'

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

interface Row {
  readonly rule: string
  readonly outcome: InvokeOutcome
  /** The batch holds records "1" to this number. */
  readonly records?: number
  readonly retriesUsed?: number
  readonly report?: boolean
  readonly bisect?: boolean
  readonly maximumRetryAttempts?: number
  readonly verdict: Verdict
}

const done: Verdict = { kind: 'done' }
const again: Verdict = { kind: 'retry', counted: true }
const againUncounted: Verdict = { kind: 'retry', counted: false }
const giveUp: Verdict = { kind: 'give_up' }
const checkpointAt = (index: number): Verdict => ({ kind: 'checkpoint', index })
const splitAt = (index: number): Verdict => ({ kind: 'split', index })

// One row for each documented rule: "Using Lambda with Kinesis", "Configuring partial batch response", "Retain discarded batch records".
const rows: readonly Row[] = [
  { rule: 'a function that returns has processed its batch', outcome: returned({ any: 'thing' }), verdict: done },
  {
    rule: 'without ReportBatchItemFailures a reported failure is not looked at',
    outcome: failures('2'),
    verdict: done,
  },
  { rule: 'a function error retries the whole batch', outcome: threw, verdict: again },
  { rule: 'MaximumRetryAttempts -1 retries for ever', outcome: threw, retriesUsed: 1e9, verdict: again },
  {
    rule: 'MaximumRetryAttempts 0 discards after the first failure',
    outcome: threw,
    maximumRetryAttempts: 0,
    verdict: giveUp,
  },
  { rule: 'a retry that is left is used', outcome: threw, maximumRetryAttempts: 2, retriesUsed: 1, verdict: again },
  {
    rule: 'after the last retry the batch is discarded',
    outcome: threw,
    maximumRetryAttempts: 2,
    retriesUsed: 2,
    verdict: giveUp,
  },
  {
    rule: 'a throttled invocation is retried and uses no retry',
    outcome: throttled,
    maximumRetryAttempts: 0,
    verdict: againUncounted,
  },
  { rule: 'a throttled batch is not split', outcome: throttled, bisect: true, verdict: againUncounted },
  {
    rule: 'a function that does not exist is waited for and uses no retry',
    outcome: notFound,
    maximumRetryAttempts: 0,
    verdict: againUncounted,
  },

  {
    rule: 'bisecting halves a batch on a function error',
    outcome: threw,
    records: 4,
    bisect: true,
    verdict: splitAt(2),
  },
  {
    rule: 'bisecting an odd batch puts the middle record into the first half',
    outcome: threw,
    records: 5,
    bisect: true,
    verdict: splitAt(3),
  },
  {
    rule: 'splitting comes before any retry and uses none',
    outcome: threw,
    bisect: true,
    maximumRetryAttempts: 0,
    verdict: splitAt(2),
  },
  {
    rule: 'a batch of one record cannot be split and is retried',
    outcome: threw,
    records: 1,
    bisect: true,
    verdict: again,
  },
  {
    rule: 'a batch of one record out of retries is discarded',
    outcome: threw,
    records: 1,
    bisect: true,
    maximumRetryAttempts: 0,
    verdict: giveUp,
  },
  {
    rule: 'a function error bisects regardless of ReportBatchItemFailures',
    outcome: threw,
    records: 4,
    bisect: true,
    report: true,
    verdict: splitAt(2),
  },

  { rule: 'an empty answer is a full success', outcome: returned(undefined), report: true, verdict: done },
  { rule: 'a null answer is a full success', outcome: returned(null), report: true, verdict: done },
  { rule: 'an empty object is a full success', outcome: returned({}), report: true, verdict: done },
  {
    rule: 'an empty list is a full success',
    outcome: returned({ batchItemFailures: [] }),
    report: true,
    verdict: done,
  },
  {
    rule: 'a null list is a full success',
    outcome: returned({ batchItemFailures: null }),
    report: true,
    verdict: done,
  },
  {
    rule: 'the records before the reported one are done',
    outcome: failures('3'),
    report: true,
    verdict: checkpointAt(2),
  },
  {
    rule: 'of several reported records the lowest is the checkpoint',
    outcome: failures('4', '2', '3'),
    report: true,
    verdict: checkpointAt(1),
  },
  {
    rule: 'a checkpoint needs no retry to be left',
    outcome: failures('2'),
    report: true,
    maximumRetryAttempts: 0,
    verdict: checkpointAt(1),
  },
  {
    rule: 'with bisecting, too, the batch is cut at the returned number',
    outcome: failures('4'),
    report: true,
    bisect: true,
    verdict: checkpointAt(3),
  },
  {
    rule: 'a batch that fails at its first record again is the same batch: a retry',
    outcome: failures('1'),
    report: true,
    verdict: again,
  },
  {
    rule: 'and is discarded when it has none left',
    outcome: failures('1'),
    report: true,
    maximumRetryAttempts: 1,
    retriesUsed: 1,
    verdict: giveUp,
  },
  {
    rule: 'with bisecting, failing at the first record halves the batch',
    outcome: failures('1'),
    report: true,
    bisect: true,
    verdict: splitAt(2),
  },
  { rule: 'an empty itemIdentifier fails the whole batch', outcome: failures(''), report: true, verdict: again },
  { rule: 'a null itemIdentifier fails the whole batch', outcome: failures(null), report: true, verdict: again },
  {
    rule: 'one bad itemIdentifier among good ones fails the whole batch',
    outcome: failures('3', ''),
    report: true,
    verdict: again,
  },
  {
    rule: 'a bad key name fails the whole batch',
    outcome: returned({ batchItemFailures: [{ id: '2' }] }),
    report: true,
    verdict: again,
  },
  {
    rule: 'a sequence number of another batch fails the whole batch',
    outcome: failures('9'),
    report: true,
    verdict: again,
  },
  {
    rule: 'an answer that is no object fails the whole batch',
    outcome: returned('fine'),
    report: true,
    verdict: again,
  },
  {
    rule: 'a list that is no list fails the whole batch',
    outcome: returned({ batchItemFailures: '2' }),
    report: true,
    verdict: again,
  },
  {
    rule: 'a whole-batch failure can be bisected',
    outcome: failures(''),
    report: true,
    bisect: true,
    verdict: splitAt(2),
  },
]

describe('what happens to a batch when its invocation ends', () => {
  test.each(rows)(
    '$rule',
    ({ outcome, records = 4, retriesUsed = 0, report, bisect, maximumRetryAttempts, verdict }) => {
      const sequenceNumbers = Array.from({ length: records }, (_, index) => String(index + 1))
      const rules: FailureRules = {
        reportBatchItemFailures: report ?? false,
        bisectBatchOnFunctionError: bisect ?? false,
        maximumRetryAttempts: maximumRetryAttempts ?? INFINITE,
      }
      expect(judge({ sequenceNumbers, retriesUsed }, outcome, rules)).toEqual(verdict)
    },
  )

  test('a malformed answer says what is wrong with it', () => {
    const answer = Buffer.from('{"batchItemFailures":[{"itemIdentifier":"9"}]}')
    expect(readBatchResponse(answer, ['1'])).toEqual({
      kind: 'malformed',
      reason: 'itemIdentifier 9 is not in the batch',
    })
  })
})

interface GatheringRow {
  readonly rule: string
  /** Payload bytes and time of reading of each record that waits. */
  readonly waiting: readonly (readonly [number, number])[]
  readonly batchSize?: number
  readonly windowMs?: number
  readonly windowFromMs?: number
  readonly now?: number
  readonly gathering: Gathering
}

const MIB = 1024 * 1024
const ready = (records: number): Gathering => ({ kind: 'ready', records })
const waitUntil = (untilMs: number): Gathering => ({ kind: 'wait', untilMs })
const small = (count: number, readAtMs = 0) => Array.from({ length: count }, () => [100, readAtMs] as const)

const gatheringRows: readonly GatheringRow[] = [
  { rule: 'nothing to send is no batch', waiting: [], gathering: { kind: 'empty' } },
  {
    rule: 'without a window the function is called as soon as there is a record',
    waiting: small(1),
    gathering: ready(1),
  },
  { rule: 'a batch holds at most BatchSize records', waiting: small(15), gathering: ready(10) },
  { rule: 'with a window a full batch does not wait', waiting: small(10), windowMs: 5000, gathering: ready(10) },
  {
    rule: 'with a window fewer records wait for its end',
    waiting: small(9),
    windowMs: 5000,
    gathering: waitUntil(5000),
  },
  { rule: 'at the end of the window they are sent', waiting: small(9), windowMs: 5000, now: 5000, gathering: ready(9) },
  {
    rule: 'a window begins when the invocation before it ends',
    waiting: small(1, 700),
    windowFromMs: 700,
    windowMs: 5000,
    now: 800,
    gathering: waitUntil(5700),
  },
  {
    rule: 'a record read during the invocation waits for the window after it',
    waiting: small(1, 300),
    windowFromMs: 700,
    windowMs: 5000,
    now: 800,
    gathering: waitUntil(5700),
  },
  {
    rule: 'after an empty window the next one begins',
    waiting: small(1, 12_000),
    windowMs: 5000,
    now: 12_000,
    gathering: waitUntil(15_000),
  },
  {
    rule: 'the payload limit ends a batch before BatchSize',
    waiting: [
      [4 * MIB, 0],
      [MIB, 0],
      [2 * MIB, 0],
    ],
    gathering: ready(2),
  },
  {
    rule: 'a batch that the payload limit fills does not wait for the window',
    waiting: [
      [4 * MIB, 0],
      [3 * MIB, 0],
    ],
    windowMs: 5000,
    gathering: ready(1),
  },
]

describe('when records become a batch', () => {
  test.each(gatheringRows)(
    '$rule',
    ({ waiting, batchSize = 10, windowMs = 0, windowFromMs = 0, now = 0, gathering }) => {
      const gathered: readonly Gathered[] = waiting.map(([payloadBytes, readAtMs]) => ({ payloadBytes, readAtMs }))
      expect(gather(gathered, windowFromMs, now, { batchSize, batchingWindowMs: windowMs })).toEqual(gathering)
    },
  )
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
    const large = { ...record, data: 'A'.repeat(100_000) }
    const waiting = Array.from({ length: 100 }, () => ({ payloadBytes: payloadBytesOf(large, frame), readAtMs: 0 }))
    const gathering = gather(waiting, 0, 0, { batchSize: 100, batchingWindowMs: 0 })
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

test('the keys of a stream spread over the lanes, each always to the same one', () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`)
  const counts = Array.from({ length: 10 }, (_, lane) => keys.filter((key) => laneOfKey(key, 10) === lane).length)
  expect(Math.min(...counts)).toBeGreaterThan(50)
  expect(keys.every((key) => laneOfKey(key, 10) === laneOfKey(key, 10) && laneOfKey(key, 1) === 0)).toBe(true)
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
