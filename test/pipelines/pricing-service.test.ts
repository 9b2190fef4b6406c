import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { PricingService } from '../../pipelines/pricing-service'
import { rate } from '../../scripts/verify/pipelines/named'

const SLOTS = 2
const SERVICE_MS = 10

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

/**
 * A service on a clock of its own: timers fire when the test lets them, however much of the clock has passed by then.
 */
function serviceOnClock() {
  let nowMs = 1_000
  const answered: number[] = []
  const service = new PricingService(SLOTS, SERVICE_MS, 42, () => nowMs)
  return {
    answered,
    ask: (count: number) => {
      for (let asked = 0; asked < count; asked++) void service.rate('x').then(() => answered.push(nowMs - 1_000))
    },
    /** The clock and the timers go on together. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed++) {
        nowMs += 1
        await jest.advanceTimersByTimeAsync(1)
      }
    },
    /** The clock goes on, and only then do the timers that wait fire. */
    passBusily: async (ms: number) => {
      nowMs += ms
      await jest.runOnlyPendingTimersAsync()
    },
  }
}

describe('the pricing service', () => {
  test('answers with the rate of the text, always the same', async () => {
    const service = new PricingService(SLOTS, SERVICE_MS, 42)
    const texts = ['1000', 'ü', '', 'small', '1000']
    const rates = Promise.all(texts.map((text) => service.rate(text)))
    await jest.runAllTimersAsync()
    expect(await rates).toEqual(texts.map(rate))
  })

  test('takes its time for an answer, and works on no more requests at once than it has slots', async () => {
    const { ask, pass, answered } = serviceOnClock()
    ask(5)
    await pass(9)
    expect(answered).toEqual([])
    await pass(31)
    expect(answered).toEqual([10, 10, 20, 20, 30])
  })

  test('answers a request that comes later when its own slot is free', async () => {
    const { ask, pass, answered } = serviceOnClock()
    ask(1)
    await pass(4)
    ask(2)
    await pass(30)
    expect(answered).toEqual([10, 14, 20])
  })

  test('keeps its rate when timers fire late', async () => {
    const { ask, pass, passBusily, answered } = serviceOnClock()
    ask(12)
    await passBusily(35)
    expect(answered).toEqual(Array(6).fill(35))
    await pass(5)
    expect(answered.slice(6)).toEqual([40, 40])
  })

  test('has answered just what its slots can, however late each timer fires', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 45 }), { maxLength: 12 }), async (stepsMs) => {
        const { ask, passBusily, answered } = serviceOnClock()
        ask(60)
        let elapsedMs = 0
        for (const stepMs of stepsMs) {
          await passBusily(stepMs)
          elapsedMs += stepMs
          expect(answered).toHaveLength(Math.min(60, SLOTS * Math.floor(elapsedMs / SERVICE_MS)))
        }
        jest.clearAllTimers()
      }),
      { numRuns: 30 },
    )
  })

  test('saves nothing up while there is nothing to do', async () => {
    const { ask, pass, answered } = serviceOnClock()
    await pass(500)
    ask(4)
    await pass(20)
    expect(answered).toEqual([510, 510, 520, 520])
  })

  test('waits with one timer for all requests, and with none when there are none', async () => {
    const { ask, pass } = serviceOnClock()
    expect(jest.getTimerCount()).toBe(0)
    ask(50)
    expect(jest.getTimerCount()).toBe(1)
    await pass(249)
    expect(jest.getTimerCount()).toBe(1)
    await pass(1)
    expect(jest.getTimerCount()).toBe(0)
  })
})
