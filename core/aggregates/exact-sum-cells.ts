import { addExactly, type Expansion, roundingError } from './exact-sum'

/**
 * The usual exact sum: three numbers, each the rounding errors of the one before. Prices and counts of any length need
 * no fourth, and adding to three in place takes no allocation.
 */
export const EMPTY_SUM = [0, 0, 0] as const

/** Adds `value` to the three numbers at `at` without losing a bit; false, and nothing is changed, where a bit is left. */
export function addInPlace(numbers: Float64Array, at: number, value: number): boolean {
  const first = numbers[at]!
  const total = first + value
  const carry = roundingError(first, value, total)
  if (carry === 0) {
    numbers[at] = total
    return true
  }
  const second = numbers[at + 1]!
  const secondTotal = second + carry
  const secondCarry = roundingError(second, carry, secondTotal)
  if (secondCarry !== 0) {
    const third = numbers[at + 2]!
    const thirdTotal = third + secondCarry
    if (roundingError(third, secondCarry, thirdTotal) !== 0) return false // NaN is not 0 either
    numbers[at + 2] = thirdTotal
  }
  numbers[at + 1] = secondTotal
  numbers[at] = total
  return true
}

/** Adds the components from `start` up to `end`, all or none; false where there is no room for a bit. */
export function addAllInPlace(
  numbers: Float64Array,
  at: number,
  components: ArrayLike<number>,
  start: number,
  end: number,
): boolean {
  const first = numbers[at]!
  const second = numbers[at + 1]!
  const third = numbers[at + 2]!
  if (Number.isNaN(first)) return false // the state is an object, for no component at all as well
  for (let i = start; i < end; i++) {
    if (addInPlace(numbers, at, components[i]!)) continue
    numbers[at] = first
    numbers[at + 1] = second
    numbers[at + 2] = third
    return false
  }
  return true
}

/** The sum of the three numbers, in the form of which a sum may have any number of components. */
export function expansionAt(numbers: Float64Array, at: number): Expansion {
  return addExactly(addExactly(addExactly([], numbers[at + 2]!), numbers[at + 1]!), numbers[at]!)
}
