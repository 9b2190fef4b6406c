import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DurationHistogram } from '../../../edge-node/observe/histogram'

const DAY_MS = 24 * 60 * 60 * 1000

test('before anything was recorded, all is 0', () => {
  expect(new DurationHistogram().percentiles()).toEqual({ p50: 0, p99: 0, max: 0 })
})

test('a count stands for so many equal durations', () => {
  const histogram = new DurationHistogram()
  histogram.record(10, 98)
  histogram.record(500, 2)
  expect(histogram.percentiles()).toEqual({ p50: 10, p99: 500, max: 500 })
})

test('a clock that went back records 0, and more than a day counts as a day', () => {
  const histogram = new DurationHistogram()
  histogram.record(-5)
  expect(histogram.percentiles().max).toBe(0)
  histogram.record(DAY_MS * 30)
  expect(histogram.percentiles().max / DAY_MS).toBeCloseTo(1, 3)
})

test('percentiles are within three significant digits of the sorted durations', () => {
  const durations = fc.array(fc.integer({ min: 0, max: DAY_MS }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(durations, (recorded) => {
      const histogram = new DurationHistogram()
      for (const duration of recorded) histogram.record(duration)
      const sorted = [...recorded].sort((a, b) => a - b)
      const exact = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!
      const { p50, p99, max } = histogram.percentiles()
      for (const [found, value] of [
        [p50, exact(0.5)],
        [p99, exact(0.99)],
        [max, exact(1)],
      ] as const) {
        expect(Math.abs(found - value)).toBeLessThanOrEqual(value / 1_000)
      }
    }),
  )
})
