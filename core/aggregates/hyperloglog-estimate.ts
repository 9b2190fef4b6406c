import { MAX_RANK, REGISTERS, type Registers, rankOf } from './hyperloglog'

/** 1 / (2 ln 2), the limit of the bias correction; a literal, since no machine may compute it differently. */
const ALPHA = 0.7213475204444817

/**
 * The number of different values behind the registers: O. Ertl, *New cardinality estimation algorithms for HyperLogLog
 * sketches* (arXiv:1702.01284), algorithm 6. The order of the operations is part of the specification.
 */
export function estimate(registers: Registers): number {
  const m = REGISTERS
  const counts = rankCounts(registers)
  let z = m * tau(1 - counts[MAX_RANK]! / m)
  for (let rank = MAX_RANK - 1; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!)
  z = z + m * sigma(counts[0]! / m)
  return Math.floor((ALPHA * m * m) / z + 0.5)
}

/** How many registers have each rank. */
function rankCounts(registers: Registers): number[] {
  const counts = new Array<number>(MAX_RANK + 1).fill(0)
  if (Array.isArray(registers)) {
    counts[0] = REGISTERS - registers.length
    for (const observation of registers) counts[rankOf(observation)]! += 1
  } else {
    for (const rank of registers) counts[rank]! += 1
  }
  return counts
}

function sigma(fraction: number): number {
  if (fraction === 1) return Number.POSITIVE_INFINITY
  let x = fraction
  let y = 1
  let z = x
  let before: number
  do {
    x = x * x
    before = z
    z = z + x * y
    y = y + y
  } while (z !== before)
  return z
}

function tau(fraction: number): number {
  if (fraction === 0 || fraction === 1) return 0
  let x = fraction
  let y = 1
  let z = 1 - x
  let before: number
  do {
    x = Math.sqrt(x)
    before = z
    y = 0.5 * y
    z = z - (1 - x) * (1 - x) * y
  } while (z !== before)
  return z / 3
}
