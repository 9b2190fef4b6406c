import fc from 'fast-check'
import { MAX_MAGNITUDE } from '../../core/aggregates/aggregates'

/** Where rounding, bucket borders and signs change. */
const EDGES = [
  0,
  -0,
  1,
  -1,
  0.1,
  0.5,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2 ** -1022,
  2 ** -1022 - 2 ** -1074,
  2 ** -53,
  2 ** -54,
  -(2 ** -54),
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  1e16,
  1e100,
  -1e100,
  MAX_MAGNITUDE,
  -MAX_MAGNITUDE,
]

/**
 * Any number that an aggregate reads: edges, everyday amounts, integers, powers of two (ties) and all of the doubles.
 */
export const readableNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
  fc.integer({ min: -1074, max: 969 }).map((exponent) => 2 ** exponent),
  fc.integer({ min: -1074, max: 969 }).map((exponent) => -(2 ** exponent)),
  fc.double({ noNaN: true, min: -MAX_MAGNITUDE, max: MAX_MAGNITUDE }),
)
