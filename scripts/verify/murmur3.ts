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
