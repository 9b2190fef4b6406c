import { describe, expect, test } from '@jest/globals'
import type { PolicyName } from '../../../core/control/policies'
import { simulate } from '../../../scripts/simulate/simulate'
import { scenarioFor } from './fixture'

const RATES = [400, 2_500, 600, 0, 950, 1_100, 300, 900, 800, 700] // the median lies among calm events, not on an edge

/** Relative difference. */
const off = (one: number, other: number) => Math.abs(one - other) / Math.max(1e-9, Math.abs(other))

describe('passing over times in which nothing changes', () => {
  test.each<PolicyName>(['spillway', 'none', 'sponge', 'flink-autoscaler', 'oracle'])(
    '%s comes to the same figures as gone through in full',
    (policy) => {
      const quick = simulate(scenarioFor(45, RATES), policy)
      const fine = simulate(scenarioFor(45, RATES, '--fine'), policy)
      expect(quick.accepted).toBe(fine.accepted)
      expect(quick.edge + quick.burst).toBe(quick.accepted)
      expect(off(quick.processingDelayMs.p50, fine.processingDelayMs.p50)).toBeLessThan(0.05)
      expect(Math.abs(quick.overTarget - fine.overTarget)).toBeLessThan(0.01)
      expect(Math.abs(quick.burst - fine.burst) / fine.accepted).toBeLessThan(0.005)
      // A period that is repeated has a window's merge more or less.
      expect(off(quick.usdPerHour, fine.usdPerHour)).toBeLessThan(0.05)
    },
  )

  test.each<PolicyName>(['spillway', 'none', 'sponge', 'flink-autoscaler', 'oracle'])(
    '%s has the same p99, on the mean of five schedules: of one it depends on the lanes into which envelopes fall',
    (policy) => {
      const meanP99 = (...args: readonly string[]) =>
        [43, 44, 45, 46, 47]
          .map((seconds) => simulate(scenarioFor(seconds, RATES, ...args), policy).processingDelayMs.p99)
          .reduce((sum, p99) => sum + p99 / 5, 0)
      expect(off(meanP99(), meanP99('--fine'))).toBeLessThan(0.06)
    },
  )
})
