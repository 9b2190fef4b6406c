import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { queueDelayMs } from '../../../core/control/control'
import { jobFacts, needOf } from '../../../core/control/job/job-facts'
import { anySidecarFacts, IDLE_SIDECAR } from '../../support/sample-facts'

const around = { waitingEvents: 0, arrivalRate: null, lanes: 16, spentUsd: 0 }
const several = fc.array(anySidecarFacts, { minLength: 1, maxLength: 5 })

describe('the facts of a job', () => {
  test('of one sidecar and nothing around it are its own', () => {
    fc.assert(
      fc.property(anySidecarFacts, (facts) => {
        expect(jobFacts([facts], { ...around, spentUsd: facts.spentUsd })).toEqual({
          ...facts,
          utilization: expect.closeTo(facts.utilization, 9),
          foldUs: facts.trueRate > 0 ? expect.closeTo(facts.foldUs, 6) : 0,
        })
      }),
    )
  })

  test('are those of one edge as fast as all of them', () => {
    fc.assert(
      fc.property(several, (all) => {
        const once = jobFacts(all, around)
        const twice = jobFacts([...all, ...all], around)
        expect(twice.trueRate).toBe(2 * once.trueRate)
        expect(queueDelayMs(twice)).toBeCloseTo(queueDelayMs(once), 6)
      }),
    )
  })

  test('do not depend on the order of the sidecars', () => {
    fc.assert(
      fc.property(several, (all) => {
        const [there, back] = [jobFacts(all, around), jobFacts([...all].reverse(), around)]
        for (const name of ['trueRate', 'backlogEvents', 'arrivalRate', 'inFlightEvents'] as const)
          expect(back[name]).toBeCloseTo(there[name], 6)
      }),
    )
  })

  test('count what waits before the job, and what arrives there', () => {
    const facts = jobFacts([IDLE_SIDECAR, IDLE_SIDECAR], { ...around, waitingEvents: 8_000, arrivalRate: 5_000 })
    expect(queueDelayMs(facts)).toBe(2_000)
    expect(facts.steadyRate).toBe(5_000)
  })

  test('the cloud is away when it is for all of them', () => {
    const away = { ...IDLE_SIDECAR, cloudAway: 'the cloud is away' }
    expect(jobFacts([away, IDLE_SIDECAR], around).cloudAway).toBeUndefined()
    expect(jobFacts([away, away], around).cloudAway).toBe('the cloud is away')
  })
})

describe('the need of a sidecar', () => {
  test('is nothing while its edge keeps up', () => {
    expect(needOf({ ...IDLE_SIDECAR, arrivalRate: 1_900, backlogEvents: 900 }, 500)).toBe(0)
  })

  test('is what its edge cannot do within the limit, and what is in the cloud', () => {
    expect(needOf({ ...IDLE_SIDECAR, arrivalRate: 5_000, backlogEvents: 1_500, inFlightEvents: 700 }, 500)).toBe(4_200)
  })
})
