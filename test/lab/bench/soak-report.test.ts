import { describe, expect, test } from '@jest/globals'
import { judgeSoak, renderSoak, type SoakFigures } from '../../../lab/bench/soak/soak-report'

/** Thirty days of which each figure is `of(day)`, and trials with these ack times. */
function figures(of: (day: number) => number, [empty, filled]: readonly [number, number] = [2, 2]): SoakFigures {
  const days = Array.from({ length: 30 }, (_, index) => index + 1).map((day) => {
    const value = of(day)
    return { day, ackP99Ms: value, kept: 10, heapBytes: value, diskBytes: value, checkpointBytes: value, heldMs: 1 }
  })
  const trial = { acks: 100, heldMs: 1, checkpointBytes: 1, startMs: 1, heapBytes: 1 }
  const trials = [
    { ...trial, finals: 0, ackP99Ms: empty },
    { ...trial, finals: 600_000, ackP99Ms: filled },
  ]
  return { retentionDays: 7, windowSeconds: 60, finals: 600_000, soak: { days }, trials }
}

const holds = (of: SoakFigures) => judgeSoak(of).map((promise) => promise.holds)

describe('a soak', () => {
  test('is flat when nothing grows once the retention is full, whatever it did before', () => {
    expect(holds(figures((day) => Math.min(day, 8)))).toEqual([true, true, true, true, true])
  })

  test('is not when anything grows with the days', () => {
    expect(holds(figures((day) => day))).toEqual([false, false, false, false, true])
  })

  test('has answers as fast with many finals as with none, within half as much again', () => {
    expect(holds(figures(() => 1, [2, 3])).at(-1)).toBe(true)
    expect(holds(figures(() => 1, [2, 3.1])).at(-1)).toBe(false)
  })

  test('that ended before its retention was full shows nothing', () => {
    const short = figures(() => 1)
    const days = short.soak.days.slice(0, 9)
    expect(holds({ ...short, soak: { days } })).toEqual([false, false, false, false, true])
  })

  test('is written as a table of its days', () => {
    expect(
      renderSoak(figures(() => 1))
        .markdown.split('\n')
        .filter((line) => /^\| \d+ \|/.test(line)).length,
    ).toBe(31)
  })
})
