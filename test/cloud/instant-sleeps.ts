import timers from 'node:timers/promises'
import { jest } from '@jest/globals'

/** Until the mocks are restored, backoffs end at once. Returns the delays that were asked for, in ms. */
export function instantSleeps(): number[] {
  const delaysMs: number[] = []
  jest.spyOn(timers, 'setTimeout').mockImplementation(async (delayMs) => {
    delaysMs.push(delayMs ?? 0)
    return undefined as never
  })
  return delaysMs
}
