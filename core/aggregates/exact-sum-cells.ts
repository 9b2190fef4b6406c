import { addExactly, type Expansion } from './exact-sum'

/**
 * The usual exact sum: three numbers, each the rounding errors of the one before. Prices and counts of any length need
 * no fourth, and adding to three in place takes no allocation.
 */
export const EMPTY_SUM = [0, 0, 0] as const

/**
 * Adds `value` to the three numbers at `at` without losing a bit; false, and nothing is changed, where a bit is left.
 * Three times TwoSum, as in `exact-sum.ts`. It is written out, since a compiler that does not inline it makes an object
 * of each number. No branch asks whether an error is zero already: of prices about half are, and a branch that no
 * processor can foretell takes longer than the additions.
 */
export function addInPlace(numbers: Float64Array, at: number, value: number): boolean {
  const first = numbers[at]!
  const second = numbers[at + 1]!
  const third = numbers[at + 2]!
  const total = first + value
  const rounded = total - first
  const carry = first - (total - rounded) + (value - rounded)
  const secondTotal = second + carry
  const secondRounded = secondTotal - second
  const secondCarry = second - (secondTotal - secondRounded) + (carry - secondRounded)
  const thirdTotal = third + secondCarry
  const thirdRounded = thirdTotal - third
  if (third - (thirdTotal - thirdRounded) + (secondCarry - thirdRounded) !== 0) return false // NaN is not 0 either
  numbers[at] = total
  numbers[at + 1] = secondTotal
  numbers[at + 2] = thirdTotal
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
