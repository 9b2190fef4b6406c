import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { jobLastHourUsd, jobSpent, NO_JOB_SPEND } from '../../../core/control/job/job-orders'

const HOUR_MS = 3_600_000
const costs = (incarnation: string, totalUsd: number, lastHourUsd = totalUsd) => ({
  ...{ incarnation, totalUsd, lastHourUsd },
})

describe('what a job has spent', () => {
  test('is what all of its sidecars have, also those that were started again', () => {
    let job = jobSpent(NO_JOB_SPEND, [costs('a', 0), costs('b', 0)], 0)
    job = jobSpent(job, [costs('a', 2), costs('b', 1)], 1_000)
    job = jobSpent(job, [costs('a2', 0), costs('b', 1.5)], 2_000)
    job = jobSpent(job, [costs('a2', 0.5), costs('b', 1.5)], 3_000)
    expect(jobLastHourUsd(job, 3_000)).toBeCloseTo(4, 9)
    expect(jobLastHourUsd(job, 2 * HOUR_MS)).toBe(0)
  })

  test('counts of one that is met for the first time what it spent within the hour', () => {
    expect(jobLastHourUsd(jobSpent(NO_JOB_SPEND, [costs('a', 100, 3)], 0), 0)).toBe(3)
  })

  test('does not count again what a sidecar says that was away', () => {
    let job = jobSpent(NO_JOB_SPEND, [costs('a', 2)], 0)
    job = jobSpent(job, [], 1_000)
    job = jobSpent(job, [costs('a', 2.5)], 2_000)
    expect(jobLastHourUsd(job, 2_000)).toBeCloseTo(2.5, 9)
  })

  test('is never less than what the sidecars of one hour say', () => {
    const steps = fc.array(fc.nat(100), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(steps, steps, (ofA, ofB) => {
        let [job, a, b] = [NO_JOB_SPEND, 0, 0]
        for (let at = 0; at < Math.max(ofA.length, ofB.length); at++) {
          a += ofA[at] ?? 0
          b += ofB[at] ?? 0
          job = jobSpent(job, [costs('a', a), costs('b', b)], at * 1_000)
        }
        expect(jobLastHourUsd(job, 50_000)).toBe(a + b)
      }),
    )
  })
})
