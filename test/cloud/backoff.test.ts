import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { jitteredDelays } from '../../cloud/backoff'
import { expiresAtS } from '../../cloud/keys'
import { machineTimers } from '../../cloud/timers'
import { instantSleeps } from './scripted-client'

const DAY_MS = 86_400_000

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test.each([1, 24, 25, 30, 100])('a timer of %d days fires once, and not before', (days) => {
  const fire = jest.fn()
  machineTimers.after(days * DAY_MS, fire)
  jest.advanceTimersByTime(days * DAY_MS - 1)
  expect(fire).not.toHaveBeenCalled()
  jest.advanceTimersByTime(1)
  expect(fire).toHaveBeenCalledTimes(1)
  jest.advanceTimersByTime(200 * DAY_MS)
  expect(fire).toHaveBeenCalledTimes(1)
})

test.each([0, 10, 26, 55])('a timer of 60 days that is prevented after %d never fires', (days) => {
  const fire = jest.fn()
  const cancel = machineTimers.after(60 * DAY_MS, fire)
  jest.advanceTimersByTime(days * DAY_MS)
  cancel()
  jest.advanceTimersByTime(100 * DAY_MS)
  expect(fire).not.toHaveBeenCalled()
})

afterEach(() => {
  jest.restoreAllMocks()
})

describe('delays between tries', () => {
  test('grow with jitter up to 2 s, and end with what the problem was', async () => {
    const delaysMs = instantSleeps()
    const delays = jitteredDelays(20)
    for (let tries = 1; tries < 20; tries++) await delays.next('3 items stay unprocessed')
    expect(delaysMs).toHaveLength(19)
    for (const delayMs of delaysMs) expect(delayMs).toBeLessThanOrEqual(2_000)
    expect(delaysMs[0]).toBeLessThan(150)
    expect(Math.max(...delaysMs.slice(8))).toBeGreaterThan(500)
    await expect(delays.next('3 items stay unprocessed')).rejects.toThrow(
      '3 items stay unprocessed after 20 tries; the service is overloaded or away, retry later',
    )
    expect(delaysMs).toHaveLength(19)
  })

  test('differ from one caller to the next, so that they do not all come back at once', async () => {
    const delaysMs = instantSleeps()
    for (let caller = 0; caller < 20; caller++) await jitteredDelays(2).next('it failed')
    expect(new Set(delaysMs).size).toBeGreaterThan(1)
  })

  test('leave no second try where one was given', async () => {
    const delaysMs = instantSleeps()
    await expect(jitteredDelays(1).next('it failed')).rejects.toThrow('it failed after 1 tries')
    expect(delaysMs).toEqual([])
  })
})

describe('the expiry of items', () => {
  test('is three days ahead, in whole seconds', () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_999)
    expect(expiresAtS()).toBe(1_700_000_000 + 3 * 86_400)
  })
})
