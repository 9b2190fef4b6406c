import { describe, expect, test } from '@jest/globals'
import {
  buildReport,
  type ChaosReport,
  type Evidence,
  emptyReport,
  isPassed,
  verdictOf,
} from '../../../scripts/chaos/report'
import type { LoadReport } from '../../../scripts/load/report'
import type { VerifyReport } from '../../../scripts/verify/report'

const CHECK: VerifyReport = {
  exact: true,
  pipeline: 'bids',
  batches: 10,
  repeats: 0,
  events: 100,
  late: 0,
  partlyLate: 0,
  deadLettered: 5,
  windows: 2,
  rows: 8,
  missing: 0,
  extra: 0,
  mismatched: 0,
  wrongAnswers: 0,
  conflictingKeys: 0,
  uncheckableBatches: 0,
  uncheckableWindows: 0,
  unfinished: 0,
  examples: { missing: [], extra: [], mismatched: [], wrongAnswers: [], conflictingKeys: [] },
}
const LOAD = {
  sent: 100,
  accepted: 100,
  retries: 3,
  refusals429: 1,
  reasons: { '503 log_failed': 2 },
} as Partial<LoadReport> as LoadReport

const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  scenario: 'kill-edge',
  seed: 1,
  faults: { 'edge-killed': 20 },
  broken: [],
  check: CHECK,
  served: [
    { edge: 60, burst: 0, deadLettered: 2 },
    { edge: 20, burst: 15, deadLettered: 3 },
  ],
  load: LOAD,
  warnings: {},
  seconds: 61.5,
  ...changes,
})

describe('the report of a run', () => {
  test('has the counts of all windows', () => {
    expect(buildReport(evidence())).toEqual({
      scenario: 'kill-edge',
      seed: 1,
      faults: { 'edge-killed': 20 },
      accepted: 100,
      late: 0,
      edge: 80,
      burst: 15,
      deadLettered: 5,
      windows: 2,
      windowsWithBurst: 1,
      missing: 0,
      extra: 0,
      mismatched: 0,
      wrongAnswers: 0,
      exact: true,
      broken: [],
      warnings: {},
      load: { sent: 100, retries: 3, refusals429: 1, reasons: { '503 log_failed': 2 } },
      seconds: 61.5,
    })
  })

  test.each([
    ['the check found a difference', { check: { ...CHECK, exact: false, mismatched: 1 } }],
    ['the parts do not add up to what was accepted', { served: [{ edge: 80, burst: 14, deadLettered: 5 }] }],
    ['the load was told of more than the check saw', { load: { ...LOAD, accepted: 101 } }],
  ])('is not exact when %s', (_, changes) => {
    const report = buildReport(evidence(changes))
    expect([report.exact, isPassed(report)]).toEqual([false, false])
  })

  test('an event that became late is a broken promise, though not inexact', () => {
    const report = buildReport(evidence({ check: { ...CHECK, late: 4 } }))
    expect(report.broken).toEqual(['nothing that waits becomes late (4 events did)'])
    expect([report.exact, isPassed(report)]).toEqual([true, false])
  })

  test('has examples only when there are differences', () => {
    expect(buildReport(evidence())).not.toHaveProperty('examples')
    expect(buildReport(evidence({ check: { ...CHECK, exact: false } }))).toHaveProperty('examples')
  })
})

describe('the verdict', () => {
  const empty = (why: Parameters<typeof emptyReport>[0]) => emptyReport(why, evidence())
  test.each<[string, ChaosReport, boolean]>([
    ['EXACT kill-edge, seed 1', buildReport(evidence()), true],
    ['NOT EXACT', buildReport(evidence({ check: { ...CHECK, exact: false, missing: 1 } })), false],
    ['EXACT, BUT NOT AS PROMISED', buildReport(evidence({ broken: ['the node is ready again'] })), false],
    ['SKIPPED kill-edge, seed 1: no tmpfs', empty({ skipped: 'no tmpfs' }), true],
    ['FAILED kill-edge, seed 1: the load ended with 1', empty({ failed: 'the load ended with 1' }), false],
  ])('%s', (text, report, passed) => {
    expect(verdictOf(report)).toContain(text)
    expect(isPassed(report)).toBe(passed)
  })

  test('a skipped run is not called exact', () => {
    expect(empty({ skipped: 'no tmpfs' }).exact).toBe(false)
  })
})
