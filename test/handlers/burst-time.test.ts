import { describe, expect, test } from '@jest/globals'
import type { BurstEvent } from '../../cloud/burst-function'
import { machineTimers } from '../../cloud/timers'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { createBurstHandler } from '../../handlers/burst'
import { envelopeOf, type SampleEvent, samplePipeline } from '../cloud/sample-envelopes'
import { batchOf, burstFunction, eventOf, NOW_MS, sealed } from './burst-setup'

const NOTHING = { batchItemFailures: [] }

/** A burst function whose waits end at once, and how long they were to be, in ms. */
function warmed() {
  const waitsMs: number[] = []
  const timers = {
    after: (delayMs: number, fire: () => void) => {
      waitsMs.push(delayMs)
      fire()
      return () => {}
    },
  }
  const { burst, items } = burstFunction({ timers })
  return { burst: burst as (event: BurstEvent) => ReturnType<ReturnType<typeof createBurstHandler>>, items, waitsMs }
}

describe('a call without records', () => {
  test('is done at once', async () => {
    const { burst, waitsMs, items } = warmed()
    expect(await burst({ Records: [] })).toEqual(NOTHING)
    expect(waitsMs).toEqual([])
    expect(items.written).toEqual([])
  })

  test.each([
    [50, 50],
    [60_000, 1_000],
  ])('that is to last %s ms lasts %s ms', async (holdMs, lastsMs) => {
    const { burst, waitsMs } = warmed()
    expect(await burst({ Records: [], holdMs })).toEqual(NOTHING)
    expect(waitsMs).toEqual([lastsMs])
  })
})

const envelopes = Array.from({ length: 10 }, (_, number) => envelopeOf(number, [{ k: 'a', t: 1, v: number }]))
const numbers = envelopes.map(({ number }) => number)

/** A function of 60 s in which the `map` of each event computes for `perEventMs`. */
function slowFunction(perEventMs: number, timeoutMs = 60_000) {
  let spentMs = 0
  const sample = samplePipeline()
  const slow = { ...sample }
  slow.map = (event: SampleEvent, context) => {
    spentMs += perEventMs
    return sample.map!(event, context)
  }
  const nowMs = () => NOW_MS + spentMs
  const made = burstFunction({ nowMs, pipelines: new Map<string, Pipeline>([[slow.name, slow]]) })
  const time = { getRemainingTimeInMillis: () => timeoutMs - spentMs }
  return { ...made, spentMs: () => spentMs, time }
}

/** An envelope whose `map` gives no answer before the test is over. */
function hangingFunction() {
  const hanging = samplePipeline()
  hanging.map = () => new Promise<never>(() => {})
  return burstFunction({ timers: machineTimers, pipelines: new Map<string, Pipeline>([[hanging.name, hanging]]) })
}
const shortTime = () => {
  const endMs = performance.now() + 200
  return { getRemainingTimeInMillis: () => endMs - performance.now() }
}

describe('a batch for which the function has too little time', () => {
  test('is stopped before the function is killed, and the first envelope that is not done is reported', async () => {
    const { burst, heads, lines, spentMs, time } = slowFunction(8_000)
    // The edge would have taken them back meanwhile; here they last.
    const lasting = batchOf(...envelopes)
    for (const [place, record] of lasting.Records.entries())
      record.kinesis.data = Buffer.from(sealed(envelopes[place]!, NOW_MS + 600_000)).toString('base64')
    expect(await burst(lasting, time)).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] })
    expect([...(await heads(...numbers)).keys()]).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(lines).toMatchObject([{ level: 'warn', code: 'out_of_time', sequenceNumber: '7' }])
    expect(spentMs()).toBeLessThan(58_000)
  })

  test('begins no envelope that takes longer than what is left, as the slowest of the batch did', async () => {
    const { burst, spentMs, time } = slowFunction(25_000)
    const lasting = batchOf(...envelopes.slice(0, 3))
    for (const [place, record] of lasting.Records.entries())
      record.kinesis.data = Buffer.from(sealed(envelopes[place]!, NOW_MS + 600_000)).toString('base64')
    expect(await burst(lasting, time)).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] })
    expect(spentMs()).toBe(50_000)
  })

  test('stops between two events of an envelope whose map computes', async () => {
    const events = Array.from({ length: 20 }, () => ({ k: 'a', t: 1, v: 1 }))
    const { burst, heads, spentMs, time } = slowFunction(5_000)
    expect(await burst(batchOf(envelopeOf(4, events)), time)).toEqual({ batchItemFailures: [{ itemIdentifier: '4' }] })
    expect([...(await heads(4)).keys()]).toEqual([])
    expect(spentMs()).toBe(60_000)
  })

  test('does not wait for a map that waits', async () => {
    const { burst, heads } = hangingFunction()
    expect(await burst(batchOf(envelopes[0]!, envelopes[1]!), shortTime())).toEqual({
      batchItemFailures: [{ itemIdentifier: '0' }],
    })
    expect([...(await heads(0, 1)).keys()]).toEqual([])
  })

  test('tells why where no mapping asks, but one that calls directly', async () => {
    const [record] = batchOf(envelopes[0]!).Records
    const { kinesis } = record!
    const { burst } = hangingFunction()
    expect(await burst({ Records: [{ kinesis }] } as never, shortTime())).toEqual({
      batchItemFailures: [{ itemIdentifier: '0' }],
      failure: { code: 'out_of_time', message: expect.stringContaining('nearly over'), retryable: true },
    })
  })

  test('of a function with a short timeout gets something done all the same', async () => {
    const { burst, heads, time } = slowFunction(100, 1_000)
    expect(await burst(batchOf(...envelopes), time)).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] })
    expect([...(await heads(...numbers)).keys()]).toHaveLength(7)
  })
})

describe('a call with something else than a batch', () => {
  test.each([
    ['nothing', null],
    ['no records', {}],
    ['records that are none', { Records: 'two' }],
    ['a record of another source', { Records: [{ s3: {} }] }],
    ['a record without data', { Records: [{ kinesis: { sequenceNumber: '1' } }] }],
  ])('%s: says what is expected', async (_, event) => {
    await expect(burstFunction().called(event)).rejects.toMatchObject({
      name: 'NotABatch',
      code: 'not_a_batch',
      retryable: false,
      message: expect.stringContaining('Records'),
    })
  })

  test('an empty batch is one', async () => {
    expect(await burstFunction().called(eventOf())).toEqual({ batchItemFailures: [] })
  })
})
