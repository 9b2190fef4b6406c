import { describe, expect, test } from '@jest/globals'
import { flinkReport, type ReadWindow } from '../../../scripts/flink/report'
import type { Expectation } from '../../../scripts/verify/expected'

const row = { key: 'a', n: 3 }
const window = { start: 0, end: 10, version: 'v', accepted: 4, edge: 2, burst: 1, deadLettered: 1, rows: [row] }
const expected = {
  windows: [{ start: 0, end: 10, accepted: 4, deadLettered: 1, rows: [row] }],
  wrongAnswers: [],
} as unknown as Expectation

const read = (some: Partial<typeof window> = {}): ReadWindow => ({ window: { ...window, ...some }, readAtMs: 17 })
const balancedBy = (windows: readonly ReadWindow[]) => flinkReport('p', expected, windows).report.balanced

describe('the report of a run on Flink', () => {
  test('balances when the results are those of the independent computation', () => {
    expect(flinkReport('p', expected, [read()]).report).toMatchObject({
      balanced: true,
      accepted: 4,
      windowsWithBurst: 1,
      windowReadAfterMs: { p50: 7, max: 7 },
    })
  })

  test.each([
    ['a window is missing', []],
    ['there is one too many', [read(), read({ start: 10, end: 20 })]],
    ['a value differs', [read({ rows: [{ ...row, n: 4 }] })]],
    ['an event is neither at the edge, in the burst nor dead', [read({ edge: 1 })]],
  ])('does not balance when %s', (_, windows) => {
    expect(balancedBy(windows)).toBe(false)
  })
})
