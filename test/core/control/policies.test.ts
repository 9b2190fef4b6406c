import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Plan } from '../../../core/control/control'
import { POLICY_NAMES, type PolicyOptions, policyNamed } from '../../../core/control/policies'
import { anyFacts, facts } from '../../support/sample-facts'

const TERMS = { latencyTargetMs: 1_000, maxQueueDelayMs: 800, leadMs: 1_000, dwellMs: 10_000 }
const FAST_FLINK = {
  utilizationTarget: 0.7,
  utilizationMax: 1,
  utilizationMin: 0.4,
  metricsWindowMs: 2_000,
  stabilizationMs: 1_000,
  restartMs: 1_000,
  catchUpMs: 5_000,
  lagThresholdMs: 5_000,
  scaleDownIntervalMs: 5_000,
  scaleDownMaxFactor: 0.6,
  maxMachines: 200,
  reconcileMs: 1_000,
}
const OPTIONS: PolicyOptions = {
  machines: 4,
  plan: { binMs: 500, shares: [0, 1, 0.5], limitMs: 900 },
  flink: FAST_FLINK,
}

function isSound(plan: Plan): boolean {
  switch (plan.kind) {
    case 'valve':
      return plan.limitMs >= 0
    case 'share':
      return plan.share >= 0 && plan.share <= 1
    case 'machines':
      return plan.machines >= 1 && Number.isFinite(plan.machines)
  }
}

describe.each(POLICY_NAMES)('the policy %s', (name) => {
  test('gives a share from 0 to 1, or 1 machine or more, whatever the facts are', () => {
    const story = fc.array(fc.tuple(fc.nat(3_000), anyFacts, fc.boolean()), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(story, (steps) => {
        const policy = policyNamed(name, TERMS, OPTIONS)
        let nowMs = 0
        for (const [afterMs, given, isSent] of steps) {
          nowMs += afterMs
          const { plan, reason } = policy.decide(given, nowMs)
          expect([plan, isSound(plan)]).toEqual([plan, true])
          expect(reason).not.toMatch(/NaN|undefined/)
          if (isSent) policy.sent()
        }
      }),
    )
  })

  test('bursts nothing of an idle edge, but for machines that are there anyway', () => {
    const { plan, bursting } = policyNamed(name, TERMS).decide(facts(), 0)
    expect(bursting).toBe(false)
    if (plan.kind === 'share') expect(plan.share).toBe(0)
    if (plan.kind === 'machines') expect(plan.machines).toBe(1)
  })
})

test('an option that makes no sense is refused', () => {
  expect(() => policyNamed('static', TERMS, { machines: 0 })).toThrow('at least 1 machine')
})
