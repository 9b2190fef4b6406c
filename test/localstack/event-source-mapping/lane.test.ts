import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Batch, PendingRecord } from '../../../localstack/embedded/event-source-mapping/batch'
import {
  type Discard,
  emptyLane,
  type Lane,
  type LaneRules,
  nextStep,
  receive,
  release,
  settle,
  unfinished,
} from '../../../localstack/embedded/event-source-mapping/lane'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'

const INFINITE = Number.POSITIVE_INFINITY

const defaults: LaneRules = {
  batchSize: 10,
  batchingWindowMs: 0,
  reportBatchItemFailures: false,
  bisectBatchOnFunctionError: false,
  maximumRetryAttempts: INFINITE,
  maximumRecordAgeMs: INFINITE,
}

function pending(number: number, arrivalMs = 0): PendingRecord {
  const record = { sequenceNumber: String(number), partitionKey: `k${number}`, data: '', bytes: 2, arrivalMs }
  return { record, payloadBytes: 100, readAtMs: arrivalMs }
}

function upTo(count: number): readonly PendingRecord[] {
  return Array.from({ length: count }, (_, index) => pending(index + 1))
}

function numbersOf(records: readonly PendingRecord[]): readonly number[] {
  return records.map(({ record }) => Number(record.sequenceNumber))
}

const ok: InvokeOutcome = { kind: 'ok', payload: Buffer.from('null'), requestId: 'r' }
const threw: InvokeOutcome = { kind: 'error', errorType: 'Error', payload: Buffer.from('{}'), requestId: 'r' }
const throttled: InvokeOutcome = { kind: 'throttled', message: 'Rate Exceeded.' }

function failedAt(...numbers: readonly number[]): InvokeOutcome {
  const batchItemFailures = numbers.map((number) => ({ itemIdentifier: String(number) }))
  return { kind: 'ok', payload: Buffer.from(JSON.stringify({ batchItemFailures })), requestId: 'r' }
}

interface Run {
  /** What each invocation got, in order. */
  readonly sent: readonly (readonly number[])[]
  readonly discards: readonly Discard[]
  /** Each record at the moment the lane was through with it, in that order. */
  readonly processed: readonly number[]
  readonly endMs: number
}

/** Drives a lane alone until it rests, answering the n-th invocation with `answer(batch, n)`. */
function run(
  records: readonly PendingRecord[],
  rules: LaneRules,
  answer: (batch: Batch, call: number) => InvokeOutcome,
): Run {
  let now = 0
  let lane: Lane = receive(emptyLane(now), records)
  const sent: (readonly number[])[] = []
  const discards: Discard[] = []
  const processed: number[] = []
  for (let steps = 0; steps < 100_000; steps += 1) {
    const step = nextStep(lane, now, rules)
    switch (step.kind) {
      case 'rest':
        return { sent, discards, processed, endMs: now }
      case 'wake_at':
        now = step.ms
        break
      case 'send': {
        sent.push(numbersOf(step.batch.records))
        lane = settle(step.lane, answer(step.batch, sent.length), now, rules)
        const left = new Set(numbersOf(unfinished(lane)))
        processed.push(...sent.at(-1)!.filter((number) => !left.has(number)))
        break
      }
      case 'discard':
        discards.push(step.discard)
        lane = release(step.lane)
        break
    }
  }
  throw new Error('the lane does not come to rest')
}

/** Works on its records in order and throws at the first that is in `poison`. */
function throwing(poison: ReadonlySet<number>) {
  return (batch: Batch): InvokeOutcome => (numbersOf(batch.records).some((number) => poison.has(number)) ? threw : ok)
}

/** The same, but reports where it stopped. */
function reporting(poison: ReadonlySet<number>) {
  return (batch: Batch): InvokeOutcome => {
    const first = numbersOf(batch.records).find((number) => poison.has(number))
    return first === undefined ? ok : failedAt(first)
  }
}

function discarded({ discards }: Run): readonly number[] {
  return discards.flatMap(({ batch }) => numbersOf(batch.records))
}

describe('the invocations of a lane, as AWS documents them', () => {
  const poison2 = new Set([2])

  test('a failing batch is sent whole, one time more than there are retries, then discarded whole', () => {
    const result = run(upTo(3), { ...defaults, maximumRetryAttempts: 2 }, throwing(poison2))
    expect(result.sent).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(result.discards).toMatchObject([{ condition: 'RetryAttemptsExhausted', batch: { invocations: 3 } }])
    expect(discarded(result)).toEqual([1, 2, 3])
  })

  test('with reported failures the rest of a batch is sent again, and counted anew as a batch of its own', () => {
    const rules = { ...defaults, reportBatchItemFailures: true, maximumRetryAttempts: 1 }
    const result = run(upTo(3), rules, reporting(poison2))
    expect(result.sent).toEqual([
      [1, 2, 3],
      [2, 3],
      [2, 3],
    ])
    expect(result.processed).toEqual([1])
    expect(discarded(result)).toEqual([2, 3])
  })

  test('with bisecting too only the bad record is discarded', () => {
    const rules = {
      ...defaults,
      reportBatchItemFailures: true,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 1,
    }
    const result = run(upTo(3), rules, reporting(poison2))
    expect(result.sent).toEqual([[1, 2, 3], [2, 3], [2], [2], [3]])
    expect(result.processed).toEqual([1, 3])
    expect(discarded(result)).toEqual([2])
  })

  test('bisecting sends the halves in order, the left one to its end first', () => {
    const rules = { ...defaults, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 }
    const result = run(upTo(4), rules, throwing(poison2))
    expect(result.sent).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3, 4]])
    expect(discarded(result)).toEqual([2])
  })

  test('a split goes on at once, a retry of the same batch waits longer each time', () => {
    const split = run(
      upTo(4),
      { ...defaults, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 },
      throwing(poison2),
    )
    const retried = run(upTo(1), { ...defaults, maximumRetryAttempts: 3 }, throwing(new Set([1])))
    expect(split.endMs).toBe(0)
    expect(retried.endMs).toBe(100 + 200 + 400)
  })

  test('throttled invocations are repeated with backoff and use no retry', () => {
    const result = run(upTo(1), { ...defaults, maximumRetryAttempts: 0 }, (_, call) => (call <= 5 ? throttled : ok))
    expect(result.sent).toHaveLength(6)
    expect(result.processed).toEqual([1])
    expect(result.endMs).toBe(100 + 200 + 400 + 800 + 1600)
  })

  test('records that are too old are discarded unsent, the younger ones of their batch are sent', () => {
    const records = [pending(1, -70_000), pending(2, -60_001), pending(3, -60_000), pending(4, 0)]
    const result = run(records, { ...defaults, maximumRecordAgeMs: 60_000 }, () => ok)
    expect(result.discards).toMatchObject([
      { condition: 'RecordAgeExceeded', batch: { invocations: 0, lastAnswer: undefined } },
    ])
    expect(discarded(result)).toEqual([1, 2])
    expect(result.sent).toEqual([[3, 4]])
  })

  test('a batch that fails for ever is discarded by its age', () => {
    const result = run(upTo(2), { ...defaults, maximumRecordAgeMs: 60_000 }, () => threw)
    expect(result.discards).toMatchObject([
      { condition: 'RecordAgeExceeded', batch: { lastAnswer: { functionError: true } } },
    ])
    expect(discarded(result)).toEqual([1, 2])
    expect(result.endMs).toBeGreaterThan(60_000)
  })

  test('throttling for ever ends by age as well', () => {
    const result = run(upTo(2), { ...defaults, maximumRetryAttempts: 0, maximumRecordAgeMs: 60_000 }, () => throttled)
    expect(result.discards).toMatchObject([{ condition: 'RecordAgeExceeded', batch: { invocations: 0 } }])
  })
})

const anyRules = fc.record({
  batchSize: fc.integer({ min: 1, max: 12 }),
  batchingWindowMs: fc.constantFrom(0, 1000),
  reportBatchItemFailures: fc.boolean(),
  bisectBatchOnFunctionError: fc.boolean(),
  maximumRetryAttempts: fc.constantFrom(0, 1, 3, INFINITE),
  maximumRecordAgeMs: fc.constantFrom(60_000, INFINITE),
})

/** What a function may do with a batch: the numbers choose among its records. */
const anyBehaviour = fc.array(
  fc.oneof(
    fc.constant(ok),
    fc.constant(threw),
    fc.constant(throttled),
    fc.array(fc.nat({ max: 40 }), { maxLength: 3 }).map((numbers) => failedAt(...numbers)),
  ),
  { maxLength: 40 },
)

const ascending = (numbers: readonly number[]) =>
  numbers.every((number, index) => index === 0 || numbers[index - 1]! < number)

describe('laws of a lane', () => {
  test('whatever the function does, every record is processed or discarded exactly once, and in order', () => {
    fc.assert(
      fc.property(anyRules, fc.integer({ min: 0, max: 40 }), anyBehaviour, (rules, count, behaviour) => {
        const result = run(upTo(count), rules, (_, call) => behaviour[call - 1] ?? ok)
        const all = [...result.processed, ...discarded(result)].sort((a, b) => a - b)
        expect(all).toEqual(numbersOf(upTo(count)))
        expect(ascending(result.processed)).toBe(true)
        expect(ascending(discarded(result))).toBe(true)
        expect(result.sent.every((numbers) => numbers.length <= rules.batchSize && ascending(numbers))).toBe(true)
      }),
    )
  })

  const poisoned = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    poison: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }).map((numbers) => new Set(numbers)),
    batchSize: fc.integer({ min: 1, max: 12 }),
    maximumRetryAttempts: fc.integer({ min: 0, max: 3 }),
    reportBatchItemFailures: fc.boolean(),
  })

  test('bisecting discards exactly the bad records, each after one sending alone and all its retries', () => {
    fc.assert(
      fc.property(poisoned, ({ count, poison, reportBatchItemFailures, ...rules }) => {
        const answer = reportBatchItemFailures ? reporting(poison) : throwing(poison)
        const laneRules = { ...defaults, ...rules, reportBatchItemFailures, bisectBatchOnFunctionError: true }
        const result = run(upTo(count), laneRules, answer)
        const bad = numbersOf(upTo(count)).filter((number) => poison.has(number))
        expect(discarded(result)).toEqual(bad)
        for (const number of bad) {
          const alone = result.sent.filter((numbers) => numbers.length === 1 && numbers[0] === number)
          expect(alone).toHaveLength(1 + rules.maximumRetryAttempts)
        }
      }),
    )
  })

  test('without bisecting, what is discarded is the rest of the batch from its first bad record that never got through', () => {
    fc.assert(
      fc.property(poisoned, ({ count, poison, reportBatchItemFailures, ...rules }) => {
        const answer = reportBatchItemFailures ? reporting(poison) : throwing(poison)
        const result = run(upTo(count), { ...defaults, ...rules, reportBatchItemFailures }, answer)
        const expected = numbersOf(upTo(count)).filter((number) => {
          const start = number - ((number - 1) % rules.batchSize)
          const batch = numbersOf(upTo(count)).slice(start - 1, start - 1 + rules.batchSize)
          const firstBad = batch.find((candidate) => poison.has(candidate))
          return firstBad !== undefined && (number >= firstBad || !reportBatchItemFailures)
        })
        expect(discarded(result)).toEqual(expected)
      }),
    )
  })

  test('nothing is lost while the function is down, however long, when there is no limit', () => {
    fc.assert(
      fc.property(
        anyRules,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 50 }),
        (rules, count, outage) => {
          const unlimited = { ...rules, maximumRetryAttempts: INFINITE, maximumRecordAgeMs: INFINITE }
          const result = run(upTo(count), unlimited, (_, call) =>
            call <= outage ? (call % 3 === 0 ? threw : throttled) : ok,
          )
          expect(result.processed).toEqual(numbersOf(upTo(count)))
        },
      ),
    )
  })
})
