import { describe, expect, test } from '@jest/globals'
import { readBatchResponse } from '../../localstack/embedded/event-source-mapping/batch-response'
import { type FailureRules, judge, type Verdict } from '../../localstack/embedded/event-source-mapping/batch-verdict'
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
