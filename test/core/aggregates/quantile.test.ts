import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MAX_MAGNITUDE } from '../../../core/aggregates/aggregates'
import { bucketOf, bucketValue, MAX_BUCKET } from '../../../core/aggregates/log-bucket'
import { quantile } from '../../../core/aggregates/quantile'
import { readableNumber } from '../../support/readable-number'

const SMALLEST_NORMAL = 2 ** -1022
const MAX_RELATIVE_ERROR = 2 ** -8

/** Half the width of a bucket of subnormal doubles, which all lie equally far apart. */
const SUBNORMAL_ERROR = SMALLEST_NORMAL * MAX_RELATIVE_ERROR

const fraction = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 0.99, 1), fc.double({ noNaN: true, min: 0, max: 1 }))

function quantileOf(values: number[], q: number): number {
  const aggregate = quantile('v', q)
  return aggregate.present(values.reduce((state, value) => aggregate.add(state, value + 0), aggregate.zero()))
}

function exactQuantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length))) - 1]!
}

function expectClose(estimate: number, exact: number): void {
  const tolerance = Math.max(Math.abs(exact) * MAX_RELATIVE_ERROR, SUBNORMAL_ERROR)
  expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(tolerance)
  if (Math.abs(exact) >= SMALLEST_NORMAL) expect(Math.sign(estimate)).toBe(Math.sign(exact))
}

describe('a quantile', () => {
  test('is within 2^-8 of the value at its rank in the sorted list', () => {
    const property = fc.property(fc.array(readableNumber, { minLength: 1, maxLength: 60 }), fraction, (values, q) =>
      expectClose(quantileOf(values, q), exactQuantile(values, q)),
    )
    fc.assert(property, { numRuns: 500 })
  })

  test('holds the bound for the ranks of 1 to 1,000', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i + 1)
    for (const q of [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1]) {
      expectClose(quantileOf(values, q), Math.max(1, Math.ceil(q * 1_000)))
    }
  })

  test('of values below, at and above zero keeps their order', () => {
    const values = [-100, -1, -0.01, 0, 0.01, 1, 100]
    values.forEach((value, i) => {
      expectClose(quantileOf(values, (i + 0.5) / values.length), value)
    })
    expect(quantileOf(values, 4 / 7)).toBe(0)
  })

  test('is at the rank of q as it was written, where q x n as doubles lies just above a whole number', () => {
    for (const q of [0.07, 0.14, 0.28, 0.55]) {
      for (const n of [50, 100, 200]) {
        const rank = Math.ceil(Math.round(q * 100 * n) / 100) // in hundredths, exactly
        const values = Array.from({ length: n }, (_, index) => (index < rank ? 1 : 1_000))
        expect([q, n, quantileOf(values, q)]).toEqual([q, n, 1 + 2 ** -8])
      }
    }
    expect(quantileOf([1, 2, 4, 8], 1e-7)).toBe(1 + 2 ** -8)
  })

  test('has the values of the specification', () => {
    expect(quantileOf([1], 0.5)).toBe(1 + 2 ** -8)
    expect(quantileOf([-1], 0.5)).toBe(-1 - 2 ** -8)
    expect(quantileOf([100], 0.5)).toBe(100.25)
    expect(quantileOf([Number.MIN_VALUE], 1)).toBe(SMALLEST_NORMAL * 2 ** -8)
    expect(quantileOf([], 0.5)).toBeNaN()
  })
})

describe('a bucket', () => {
  test('lies above the buckets of all smaller values', () => {
    fc.assert(
      fc.property(readableNumber, readableNumber, (a, b) => {
        if (a < b) expect(bucketOf(a)).toBeLessThanOrEqual(bucketOf(b))
        expect(bucketOf(-a)).toBe(0 - bucketOf(a))
      }),
    )
  })

  test('holds its own value', () => {
    fc.assert(fc.property(fc.integer({ min: -MAX_BUCKET, max: MAX_BUCKET }), (b) => bucketOf(bucketValue(b)) === b))
  })

  test('has its number from the upper bits of the double', () => {
    expect(bucketOf(1)).toBe((0x3ff00000 >>> 13) + 1)
    expect(bucketOf(-1)).toBe(-((0x3ff00000 >>> 13) + 1))
    expect(bucketOf(Number.MIN_VALUE)).toBe(1)
    expect(bucketOf(MAX_MAGNITUDE)).toBe(MAX_BUCKET)
    expect(bucketOf(0)).toBe(0)
  })
})

test('neighbouring buckets take a step of 1 in the encoding', () => {
  const aggregate = quantile('v', 0.5)
  const state = [1, 1, 1.01, -1].reduce(aggregate.add, aggregate.zero())
  const one = (0x3ff00000 >>> 13) + 1
  expect(aggregate.encode(state)).toEqual([-one, 1, 2 * one, 2, 1, 1])
})
