import type { Json } from '../pipeline/aggregate'
import { malformed } from './aggregates'

/**
 * An exact sum of doubles: the value is the mathematical sum of the components, which do not overlap, are not zero, and
 * ascend in magnitude. Usually two or three of them. After J. R. Shewchuk, *Adaptive Precision Floating-Point
 * Arithmetic and Fast Robust Geometric Predicates* (1997), grow-expansion with zero elimination, as in Python's
 * `math.fsum`.
 */
export type Expansion = number[]

/**
 * Adds `value` to the sum without losing a bit; changes and returns `expansion`. Nothing may overflow: see
 * MAX_MAGNITUDE.
 */
export function addExactly(expansion: Expansion, value: number): Expansion {
  let carry = value
  let kept = 0
  for (let i = 0; i < expansion.length; i++) {
    const component = expansion[i]!
    const total = carry + component
    const error = roundingError(carry, component, total)
    if (error !== 0) expansion[kept++] = error
    carry = total
  }
  if (carry !== 0) expansion[kept++] = carry
  if (kept < expansion.length) expansion.length = kept
  return expansion
}

/** Adds `from` to `into` without losing a bit; changes and returns `into`. */
export function mergeExactly(into: Expansion, from: Expansion): Expansion {
  for (const component of from) addExactly(into, component)
  return into
}

/** The double nearest to the exact sum, ties to even. */
export function roundOnce(expansion: Expansion): number {
  let i = expansion.length - 1
  let total = expansion[i] ?? 0
  let error = 0
  while (i > 0 && error === 0) {
    const higher = total
    const component = expansion[--i]!
    total = higher + component
    error = component - (total - higher)
  }
  return i > 0 ? breakTie(total, error, expansion[i - 1]!) : total
}

/**
 * The normal form of a sum: each component is what is left of the sum, rounded to the nearest double. Equal sums have
 * equal encodings, whatever the order of the additions, and at most 40 components.
 */
export function canonical(expansion: Expansion): Expansion {
  const rest = [...expansion]
  const components: number[] = []
  while (rest.length > 0) {
    const nearest = roundOnce(rest)
    components.push(nearest)
    addExactly(rest, -nearest)
  }
  return components.reverse()
}

/** Throws a RangeError when `json` was not made by `canonical`. */
export function decodeExpansion(signature: string, json: Json | undefined): Expansion {
  if (!Array.isArray(json) || !json.every(isNumber)) throw malformed(signature, 'an array of numbers', json)
  const expansion = mergeExactly([], json)
  if (!Number.isFinite(roundOnce(expansion))) throw malformed(signature, 'a sum within the doubles', json)
  const expected = canonical(expansion)
  if (expected.length !== json.length || expected.some((component, i) => component !== json[i])) {
    throw malformed(signature, 'components in their canonical form', json)
  }
  return expansion
}

function isNumber(json: Json): json is number {
  return typeof json === 'number'
}

/** `a + b - total`, exactly, for `total` = a + b rounded (D. Knuth's TwoSum: no branch on which is larger). */
function roundingError(a: number, b: number, total: number): number {
  const roundedB = total - a
  return a - (total - roundedB) + (b - roundedB)
}

/**
 * Corrects a tie. When `error` is exactly half a unit in the last place, `total` was rounded to even; `below` may show
 * that the other side is nearer.
 */
function breakTie(total: number, error: number, below: number): number {
  if (error < 0 !== below < 0) return total
  const corrected = total + error * 2
  return corrected - total === error * 2 ? corrected : total
}
