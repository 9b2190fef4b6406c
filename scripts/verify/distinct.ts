/**
 * murmur3_x86_32 as published by Austin Appleby, in plain arithmetic on integers from 0 to 2^32 - 1.
 * FORMULAS uses it for distinct and for the simulated prices.
 */

const encoder = new TextEncoder()

/** `text` as UTF-8; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

export function murmur3(bytes: Uint8Array, seed: number): number {
  const wholeBlocks = Math.floor(bytes.length / 4)
  let hash = seed
  for (let block = 0; block < wholeBlocks; block++) {
    hash = xor(hash, scramble(littleEndian(bytes.subarray(4 * block, 4 * block + 4))))
    hash = modulo32(times(rotateLeft(hash, 13), 5) + 0xe6546b64)
  }
  const tail = bytes.subarray(4 * wholeBlocks)
  if (tail.length > 0) hash = xor(hash, scramble(littleEndian(tail)))
  return finish(xor(hash, bytes.length))
}

function scramble(block: number): number {
  return times(rotateLeft(times(block, 0xcc9e2d51), 15), 0x1b873593)
}

function finish(hash: number): number {
  const first = times(xor(hash, shiftRight(hash, 16)), 0x85ebca6b)
  const second = times(xor(first, shiftRight(first, 13)), 0xc2b2ae35)
  return xor(second, shiftRight(second, 16))
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((number, byte) => number * 256 + byte, 0)
}

/** a * b modulo 2^32. By halves of b, because the whole product would not fit the 53 bits of a double. */
function times(a: number, b: number): number {
  const high = (a * Math.floor(b / 65536)) % 65536
  return modulo32(high * 65536 + a * (b % 65536))
}

function rotateLeft(number: number, bits: number): number {
  return modulo32(number * 2 ** bits) + shiftRight(number, 32 - bits)
}

function shiftRight(number: number, bits: number): number {
  return Math.floor(number / 2 ** bits)
}

/** JavaScript's ^ gives a signed result; this one stays unsigned. */
function xor(a: number, b: number): number {
  return (a ^ b) >>> 0
}

function modulo32(number: number): number {
  return number % 2 ** 32
}

/** FORMULAS, "distinct(field)": HyperLogLog with 4,096 registers and Ertl's estimate. */

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
