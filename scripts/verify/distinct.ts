/** FORMULAS, "distinct(field)": HyperLogLog with 4,096 registers and Ertl's estimate. */
import { murmur3, utf8 } from './murmur3'

const M = 4096
const Q = 52

/** Where a value falls, and the rank that it brings to that register. */
export type Place = { register: number; rank: number }

export function placeOf(text: string): Place {
  const bytes = utf8(text)
  const h1 = murmur3(bytes, 0)
  const h2 = murmur3(bytes, 0x9e3779b9)
  const below = (h1 % 2 ** 20) * 2 ** 32 + h2
  return { register: Math.floor(h1 / 2 ** 20), rank: 1 + leadingZeros(below) }
}

/** Of a number of 52 bits. */
function leadingZeros(number: number): number {
  let zeros = 0
  while (zeros < Q && number < 2 ** (Q - 1 - zeros)) zeros += 1
  return zeros
}

/** The estimated number of distinct values; a register that is not in the map holds 0. */
export function estimate(registers: ReadonlyMap<number, number>): number {
  const C: number[] = Array(Q + 2).fill(0)
  C[0] = M - registers.size
  for (const rank of registers.values()) C[rank]! += 1

  let z = M * tau(1 - C[53]! / M)
  for (let k = 52; k >= 1; k--) z = 0.5 * (z + C[k]!)
  z = z + M * sigma(C[0]! / M)
  return Math.floor((0.7213475204444817 * M * M) / z + 0.5)
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let x = share
  let y = 1
  let z = x
  let z0: number
  do {
    x = x * x
    z0 = z
    z = z + x * y
    y = y + y
  } while (z !== z0)
  return z
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let x = share
  let y = 1
  let z = 1 - x
  let z0: number
  do {
    x = Math.sqrt(x)
    z0 = z
    y = 0.5 * y
    z = z - (1 - x) * (1 - x) * y
  } while (z !== z0)
  return z / 3
}
