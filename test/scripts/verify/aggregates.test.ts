import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Aggregate, count, max, mean, min, quantile, sum } from '../../../scripts/verify/aggregate'
import { nearestDouble, unitsOf } from '../../../scripts/verify/exact-sum'
import { bucketOf, bucketValue } from '../../../scripts/verify/quantile'

const summable = fc.double({ noNaN: true, min: -(2 ** 970), max: 2 ** 970 })

function aggregated(aggregate: Aggregate, values: readonly unknown[]): number | null {
  const accumulator = aggregate.start()
  for (const x of values) accumulator.add(aggregate.read({ x })!)
  return accumulator.result()
}

describe('sum', () => {
  test.each([
    [[0.1, 0.2], 0.30000000000000004],
    [[0.1, 0.2, -0.3], 2 ** -55],
    [[1e16, 1, -1e16], 1],
    [[1, 1e100, 1, -1e100], 2],
    [Array(10).fill(0.1), 1],
    [[-0, -0], 0],
    [[1.5, -1.5], 0],
    [[5e-324, 5e-324], 1e-323],
    [[2 ** -1022, -5e-324], 2 ** -1022 - 5e-324],
    [Array(8).fill(2 ** 970), 2 ** 973],
    [[], 0],
  ])('of %p is %p', (values, total) => {
    expect(aggregated(sum('x'), values)).toBe(total)
  })

  test('a tie goes to the even neighbour, and a whisker more or less decides it', () => {
    const odd = 2 ** 53 + 2
    expect(aggregated(sum('x'), [2 ** 53, 1])).toBe(2 ** 53)
    expect(aggregated(sum('x'), [odd, 1])).toBe(2 ** 53 + 4)
    expect(aggregated(sum('x'), [odd, 1, -5e-324])).toBe(odd)
    expect(aggregated(sum('x'), [2 ** 53, 1, 5e-324])).toBe(odd)
    expect(aggregated(sum('x'), [-odd, -1])).toBe(-(2 ** 53) - 4)
  })

  test('rounding up may carry into the next power of two', () => {
    expect(aggregated(sum('x'), [2 ** 53 - 1, 0.5])).toBe(2 ** 53)
  })

  test('one double is its own sum, to the bit', () => {
    fc.assert(fc.property(summable, (x) => Object.is(nearestDouble(unitsOf(x)), x === 0 ? 0 : x)))
  })

  test('of two doubles is what one IEEE addition gives', () => {
    fc.assert(fc.property(summable, summable, (a, b) => aggregated(sum('x'), [a, b]) === a + b))
  })

  test('of integers is what BigInt gives', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), (integers) => {
        const exact = integers.reduce((total, integer) => total + BigInt(integer), 0n)
        return aggregated(sum('x'), integers) === Number(exact)
      }),
    )
  })
})

describe('count, mean, min, max', () => {
  test('count reads no field', () => {
    expect(aggregated(count(), ['a', null, 1])).toBe(3)
  })

  test('mean divides the rounded sum once', () => {
    expect(aggregated(mean('x'), [1, 2])).toBe(1.5)
    expect(aggregated(mean('x'), [1e16, 1, -1e16])).toBe(1 / 3)
    expect(aggregated(mean('x'), [0.1, 0.2, -0.3])).toBe(2 ** -55 / 3)
  })

  test('min and max are the smallest and the largest value, negative ones included', () => {
    expect(aggregated(min('x'), [3, -7, 2])).toBe(-7)
    expect(aggregated(max('x'), [-3, -7, -2])).toBe(-2)
  })

  test('there is no mean, min, max or quantile of nothing', () => {
    expect([mean('x'), min('x'), max('x'), quantile('x', 0.5)].map((aggregate) => aggregated(aggregate, []))).toEqual(
      Array(4).fill(null),
    )
  })

  test('-0 is read as 0', () => {
    expect(aggregated(min('x'), [-0])).toBe(0)
    expect(aggregated(max('x'), [-0])).toBe(0)
  })

  test.each(['1', null, undefined, true, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 970 * (1 + 2 ** -52)])(
    '%p cannot be read as a number',
    (x) => {
      for (const aggregate of [sum('x'), mean('x'), min('x'), max('x'), quantile('x', 0.5)]) {
        expect(aggregate.read({ x })).toBeUndefined()
      }
    },
  )

  test('an inherited property is not a field', () => {
    expect(sum('length').read(Object.create({ length: 1 }))).toBeUndefined()
  })
})

describe('quantile', () => {
  test.each([
    [1, 1.00390625],
    [1.0078125, 1.01171875],
    [100, 100.25],
    [0.1, 0.099853515625],
    [5e-324, 8.691694759794e-311],
    [0, 0],
    [-100, -100.25],
  ])('%p alone gives the middle of its bucket, %p', (x, middle) => {
    expect(aggregated(quantile('x', 0.5), [x])).toBe(middle)
  })

  test('negative values come before zero, and zero before positive ones', () => {
    const values = [100, 0, -100, 1, -1]
    const at = (q: number) => aggregated(quantile('x', q), values)
    expect([0, 0.2, 0.4, 0.6, 0.8, 1].map(at)).toEqual([-100.25, -100.25, -1.00390625, 0, 1.00390625, 100.25])
  })

  test('the rank is the ceiling of q * n', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i < 99 ? 1 : 1000))
    expect(aggregated(quantile('x', 0.99), values)).toBe(1.00390625)
    expect(aggregated(quantile('x', 0.99), [...values, 1000])).toBe(1002)
  })

  test('the rank is of q as it was written', () => {
    // As doubles 0.07 * 100 is 7.000000000000001, and the eighth smallest would be taken.
    expect(
      aggregated(
        quantile('x', 0.07),
        Array.from({ length: 100 }, (_, i) => (i < 7 ? 1 : 100)),
      ),
    ).toBe(1 + 2 ** -8)
  })

  test('a bucket is 1/128 of a power of two wide', () => {
    expect(bucketOf(1)).toBe(bucketOf(1.0078124))
    expect(bucketOf(1.0078125)).toBe(bucketOf(1) + 1)
    expect(bucketOf(2) - bucketOf(1)).toBe(128)
  })

  test('the middle of a bucket is within 2^-8 of each normal value in it, and mirrored below zero', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 2 ** -1022, max: 2 ** 970 }), (x) => {
        const middle = bucketValue(bucketOf(x))
        return Math.abs(middle - x) <= x * 2 ** -8 && bucketValue(bucketOf(-x)) === -middle
      }),
    )
  })
})
