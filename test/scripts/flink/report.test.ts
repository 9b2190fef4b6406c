import { describe, expect, test } from '@jest/globals'
import { flinkReport, type ReadWindow } from '../../../scripts/flink/report'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import type { Expectation } from '../../../scripts/verify/expected'

const row = { key: 'a', n: 3 }
const window = { start: 0, end: 10, version: 'v', accepted: 4, edge: 2, burst: 1, deadLettered: 1, rows: [row] }
const expected = {
  windows: [{ start: 0, end: 10, accepted: 4, deadLettered: 1, rows: [row] }],
  wrongAnswers: [],
} as unknown as Expectation
const options = { mode: 'auto', capacity: 500, rate: 100, peak: 900, spikeSeconds: 2, seconds: 6 } as const
const spike = { kind: 'spike', rate: 100, peak: 900, startSeconds: null, lengthSeconds: 2 } as const

const read = (some: Partial<typeof window> = {}, times = 1): ReadWindow => ({
  window: { ...window, ...some },
  times,
  readAtMs: 17,
})
const ONE_LETTER = new Map([['dead 0@7', 1]])
const reportOf = (windows: readonly ReadWindow[], letters = ONE_LETTER) =>
  flinkReport({
    ...{ options, expected, pipeline: 'p', closableAfterMs: 5, read: windows, letters },
    schedule: scheduleOf(spike, options.seconds, 1, ''),
    watched: { startMs: 0, series: [], facts: null },
  }).report

describe('the report of a run on Flink', () => {
  test('balances when the results are those of the independent computation', () => {
    expect(reportOf([read()])).toMatchObject({
      balanced: true,
      accepted: 4,
      windowsWithBurst: 1,
      windowReadAfterMs: { p50: 7, max: 7 },
      windowLatencyMs: { p50: 2, max: 2 },
    })
  })

  test('counts what was due above the capacity of the sidecar', () => {
    expect(reportOf([read()]).aboveCapacity).toBe(2 * (900 - 500))
  })

  test.each([
    ['a window is missing', []],
    ['there is one too many', [read(), read({ start: 10, end: 20 })]],
    ['a window was committed twice', [read({}, 2)]],
    ['a value differs', [read({ rows: [{ ...row, n: 4 }] })]],
    ['an event is neither at the edge, in the burst nor dead', [read({ edge: 1 })]],
  ])('does not balance when %s', (_, windows) => {
    expect(reportOf(windows).balanced).toBe(false)
  })

  test.each([
    ['a dead event has no letter', new Map<string, number>(), { letters: 0, lettersRepeated: 0 }],
    ['one has two of them', new Map([['dead 0@7', 2]]), { letters: 1, lettersRepeated: 1 }],
    ['there is a letter of something else', new Map([...ONE_LETTER, ['late 0@9', 1]]), { letters: 2 }],
  ])('does not balance when %s', (_, letters, found) => {
    expect(reportOf([read()], letters)).toMatchObject({ balanced: false, ...found })
  })
})
