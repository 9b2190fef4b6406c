import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { machineTimers } from '../../cloud/timers'

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
