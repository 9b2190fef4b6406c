/**
 * Sums without rounding. Every double is a whole number of units of 2^-1074 (the smallest one), so a BigInt of units
 * adds exactly; it is rounded once, at the end.
 *
 * The bits of a positive double, read as an integer, are `exponent * 2^52 + fraction`.
 */

const FRACTION_BITS = 52
const HIDDEN_BIT = 1n << 52n
const view = new DataView(new ArrayBuffer(8))

/** The double as a whole number of units of 2^-1074. */
export function unitsOf(x: number): bigint {
  view.setFloat64(0, Math.abs(x))
  const bits = view.getBigUint64(0)
  const exponent = bits / HIDDEN_BIT
  const fraction = bits % HIDDEN_BIT
  const magnitude = exponent === 0n ? fraction : (HIDDEN_BIT + fraction) << (exponent - 1n)
  return x < 0 ? -magnitude : magnitude
}

/** The double nearest to so many units of 2^-1074, ties to even. */
export function nearestDouble(units: bigint): number {
  return units < 0n ? -nearestPositive(-units) : nearestPositive(units)
}

function nearestPositive(units: bigint): number {
  const excessBits = bitLength(units) - (FRACTION_BITS + 1)
  // With 53 bits or fewer nothing is cut, and the units are the very bits of the double.
  if (excessBits <= 0) return doubleWithBits(units)
  const significand = divideTiesToEven(units, 1n << BigInt(excessBits))
  // When rounding carries to 2^53, the sum moves on to the next exponent with fraction 0, as it should.
  return doubleWithBits(BigInt(excessBits) * HIDDEN_BIT + significand)
}

function divideTiesToEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const twiceRest = 2n * (dividend % divisor)
  const up = twiceRest > divisor || (twiceRest === divisor && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

function bitLength(number: bigint): number {
  return number === 0n ? 0 : number.toString(2).length
}

function doubleWithBits(bits: bigint): number {
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}
