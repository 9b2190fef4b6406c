import { beforeAll, describe, expect, test } from '@jest/globals'
import { Coverage, SITUATIONS } from './coverage'
import { FAULT_KINDS } from './faults'
import { runWorld, type WorldReport } from './world'

const SEEDS = 1_000
const LEAST_STRUCK = 25
const LEAST_SEEN = 5 // the rarest situations need a chain of faults

describe('worlds made from a seed', () => {
  const coverage = new Coverage()
  let broken: WorldReport | undefined

  beforeAll(async () => {
    for (let seed = 1; seed <= SEEDS && broken === undefined; seed++) {
      const report = await runWorld(seed)
      coverage.add(report.coverage)
      if (report.violation !== null) broken = report
    }
  }, 300_000)

  test('break no rule, and after the last fault every window equals the oracle', () => {
    expect(broken && { seed: broken.seed, ...broken.violation }).toBeUndefined()
  })

  test.each(FAULT_KINDS)('have the fault "%s" often enough to test something', (kind) => {
    expect(coverage.of(kind)).toBeGreaterThanOrEqual(LEAST_STRUCK)
  })

  test.each(SITUATIONS)('come to the situation that %s', (situation) => {
    expect(coverage.of(situation)).toBeGreaterThanOrEqual(LEAST_SEEN)
  })
})

test('a seed makes the same world each time', async () => {
  const [once, again] = [await runWorld(7, { trace: true }), await runWorld(7, { trace: true })]
  expect(again.trace).toEqual(once.trace)
  expect(again.trace.length).toBeGreaterThan(100)
})
