import { describe, expect, test } from '@jest/globals'
import { capacityOf } from '../../../scripts/advise/capacity'
import type { Observation } from '../../../scripts/advise/observation'

const seen = (given: Partial<Observation>): Observation => {
  const taken = given.taken ?? [1_000, 1_000, 1_000]
  const nothing = taken.map(() => null)
  return {
    ...{ binSeconds: 10, arrived: taken, taken, waiting: nothing, busy: nothing },
    isGap: taken.map(() => false),
    ...given,
  }
}

describe('what a job can take', () => {
  test('is what it took while events waited, whatever it says of its busy time', () => {
    const taken = [5_000, 20_000, 20_500, 19_500, 5_000]
    const waiting = [20_000, 40_000, 60_000, 30_000, 0]
    const capacity = capacityOf(seen({ taken, waiting, busy: taken.map(() => 0.1) }))
    expect(capacity).toEqual({ kind: 'while-waiting', perSecond: 2_000, seconds: 30, bins: 3 })
  })

  test('is not what it took when little waited: buffers are never empty', () => {
    const capacity = capacityOf(seen({ waiting: [50, 90, 50] }))
    expect(capacity).toEqual({ kind: 'unknown', atLeast: 100, busiest: null })
  })

  test('is events over busy time where nothing waited', () => {
    const capacity = capacityOf(seen({ busy: [0.5, 0.5, 0.5], waiting: [0, 0, 0] }))
    expect(capacity).toEqual({ kind: 'by-busy-time', perSecond: 200, busiest: 0.5 })
  })

  test('is at least what it took', () => {
    const capacity = capacityOf(seen({ taken: [9_000, 100, 100], busy: [1, 1, 1] }))
    expect(capacity).toMatchObject({ perSecond: 900 })
  })

  test('cannot be told from a job that is hardly busy: it would be a guess', () => {
    const capacity = capacityOf(seen({ busy: [0.05, 0.1, 0.05] }))
    expect(capacity).toEqual({ kind: 'unknown', atLeast: 100, busiest: 0.1 })
  })

  test('is not taken from a restart', () => {
    const waiting = [5_000, 5_000, 5_000]
    expect(capacityOf(seen({ waiting, isGap: [false, true, true] })).kind).toBe('unknown')
  })

  test('is what is given, where it is', () => {
    expect(capacityOf(seen({}), 77)).toEqual({ kind: 'given', perSecond: 77 })
  })
})
