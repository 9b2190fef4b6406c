/**
 * An independent exact sum. Each double is a whole multiple of 2^-1074, so a BigInt of those multiples loses nothing.
 */
const UNIT_EXPONENT = -1074
const view = new DataView(new ArrayBuffer(8))

/** A double in units of 2^-1074. */
export function unitsOf(value: number): bigint {
  view.setFloat64(0, Math.abs(value))
  const word = view.getBigUint64(0)
  const exponent = word >> 52n
  const fraction = word & (2n ** 52n - 1n)
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -units : units
}

/** The sum of doubles in units of 2^-1074. */
export function exactUnits(values: readonly number[]): bigint {
  return values.reduce((total, value) => total + unitsOf(value), 0n)
}

/** The double nearest to `units * 2^-1074`, ties to even, in integers until the last, exact step. */
export function nearestDouble(units: bigint): number {
  if (units < 0n) return -nearestDouble(-units)
  const dropped = Math.max(0, units.toString(2).length - 53)
  const divisor = 1n << BigInt(dropped)
  const quotient = units / divisor
  const twiceRest = 2n * (units % divisor)
  const up = twiceRest > divisor || (twiceRest === divisor && quotient % 2n === 1n)
  return Number(up ? quotient + 1n : quotient) * 2 ** (dropped + UNIT_EXPONENT)
}
