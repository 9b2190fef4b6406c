import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MAX_MAGNITUDE } from '../../../core/aggregates/aggregates'
import { addExactly, canonical, decodeExpansion, mergeExactly, roundOnce } from '../../../core/aggregates/exact-sum'
import { exactUnits, nearestDouble, unitsOf } from '../../support/exact-units'
import { readableNumber } from '../../support/readable-number'

const numbers = fc.array(readableNumber, { maxLength: 60 })
const expansionOf = (values: number[]) => values.reduce(addExactly, [])

describe('the oracle of these tests', () => {
  test('gives back each double', () => {
    fc.assert(fc.property(readableNumber, (value) => nearestDouble(unitsOf(value)) === value))
  })

  test('rounds ties to even', () => {
    expect(nearestDouble(exactUnits([2 ** 53, 1]))).toBe(2 ** 53)
    expect(nearestDouble(exactUnits([2 ** 53, 2, 1]))).toBe(2 ** 53 + 4)
  })
})

describe('an exact sum', () => {
  test('is the rational sum, rounded once', () => {
    const property = fc.property(numbers, (values) =>
      Object.is(roundOnce(expansionOf(values)), nearestDouble(exactUnits(values))),
    )
    fc.assert(property, { numRuns: 500 })
  })

  test('is the rational sum when nearly everything cancels', () => {
    const property = fc.property(numbers, numbers, (values, few) => {
      const cancelling = [...values, ...few.slice(0, 3), ...values.map((value) => -value)]
      expect(roundOnce(expansionOf(cancelling))).toBe(nearestDouble(exactUnits(cancelling)))
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('keeps the rational sum bit by bit, in components that ascend without overlap', () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const expansion = mergeExactly(expansionOf(left), expansionOf(right))
        expect(exactUnits(expansion)).toBe(exactUnits([...left, ...right]))
        expansion.forEach((component, i) => {
          const lower = exactUnits(expansion.slice(0, i).map(Math.abs))
          expect(lower < lowestBit(unitsOf(component))).toBe(true)
        })
      }),
    )
  })

  test('breaks a tie by what lies below it', () => {
    const half = 2 ** -53
    const tiny = Number.MIN_VALUE
    expect(roundOnce(expansionOf([1, half]))).toBe(1)
    expect(roundOnce(expansionOf([1, half, tiny]))).toBe(1 + 2 * half)
    expect(roundOnce(expansionOf([1, half, -tiny]))).toBe(1)
    expect(roundOnce(expansionOf([1 + 2 * half, half]))).toBe(1 + 4 * half)
    expect(roundOnce(expansionOf([1 + 2 * half, half, -tiny]))).toBe(1 + 2 * half)
    expect(roundOnce(expansionOf([-1, -half, -tiny]))).toBe(-1 - 2 * half)
  })

  test('of nothing, or of what cancels, is 0 and never -0', () => {
    for (const values of [[], [0], [-0], [1, -1], [-0.1, 0.1], [-5e-324, 5e-324]]) {
      expect(roundOnce(expansionOf(values))).toBe(0)
      expect(expansionOf(values)).toEqual([])
    }
  })

  test('gives 1 for ten times 0.1, where plain addition does not', () => {
    const tenths = new Array<number>(10).fill(0.1)
    expect(tenths.reduce((a, b) => a + b)).not.toBe(1)
    expect(roundOnce(expansionOf(tenths))).toBe(1)
  })

  test('of 2^53 of the largest values that are read stays finite', () => {
    expect(MAX_MAGNITUDE).toBe(2 ** 970)
    let expansion = expansionOf([MAX_MAGNITUDE])
    for (let doubling = 0; doubling < 53; doubling++) expansion = mergeExactly([...expansion], expansion)
    expect(roundOnce(expansion)).toBe(2 ** 1023)
  })
})

describe('the canonical form', () => {
  test('has the same sum, whatever the order of the additions, and is the same', () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const one = canonical(expansionOf([...left, ...right]))
        const other = canonical(mergeExactly(expansionOf(right.toReversed()), expansionOf(left)))
        expect(one).toEqual(other)
        expect(exactUnits(one)).toBe(exactUnits([...left, ...right]))
        expect(one.length).toBeLessThanOrEqual(40)
      }),
    )
  })

  test('has at most 40 components when every bit of the range is in use', () => {
    const powers = Array.from({ length: 2045 }, (_, i) => 2 ** (i - 1074))
    expect(canonical(expansionOf(powers)).length).toBeLessThanOrEqual(40)
    expect(canonical(expansionOf(powers.filter((_, i) => i % 2 === 0))).length).toBeLessThanOrEqual(40)
  })

  test('is what decode takes, a tie broken away from even included', () => {
    const values = [2 ** 53 - 2, 0.5, Number.MIN_VALUE]
    const encoded = canonical(expansionOf(values))
    expect(encoded.at(-1)).toBe(2 ** 53 - 1)
    expect(exactUnits(decodeExpansion('sum("v")', encoded))).toBe(exactUnits(values))
  })
})

function lowestBit(units: bigint): bigint {
  return units & -units
}
