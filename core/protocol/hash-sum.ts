import { mix, murmur3 } from '../aggregates/murmur3'

/**
 * A sum modulo 2^64 of event id hashes, as two unsigned 32-bit halves. Two sets of events with equal counts and equal
 * sums are the same set, but for a chance of 2^-64; an event counted twice and another never shows, where a count alone
 * would balance.
 */
export type HashSum = { hi: number; lo: number }

/** The two seeds that a log's incarnation gives to the ids of its events. */
export type EventHasher = { readonly a: number; readonly b: number }

const HEX = /^[0-9a-f]{16}$/

/** The seeds of one log, made once for all its events. */
export function eventHasher(incarnation: string): EventHasher {
  return { a: murmur3(incarnation, 0), b: murmur3(incarnation, 0x9e3779b9) }
}

/** A new sum of no events. */
export function zeroSum(): HashSum {
  return { hi: 0, lo: 0 }
}

/** Adds the hash of the event at `offset` (0 to 2^53 - 1) of the hasher's log to `sum`. */
export function addEvent(sum: HashSum, hasher: EventHasher, offset: number): void {
  const x = mix(offset ^ hasher.a)
  const y = mix(Math.floor(offset / 0x1_0000_0000) ^ hasher.b ^ x)
  addWords(sum, y, mix((x + y) | 0))
}

/** Adds `from` to `into`; `from` stays as it is. */
export function addSum(into: HashSum, from: Readonly<HashSum>): void {
  addWords(into, from.hi, from.lo)
}

export function sumEquals(a: Readonly<HashSum>, b: Readonly<HashSum>): boolean {
  return a.hi === b.hi && a.lo === b.lo
}

/** 16 lower-case hexadecimal digits. */
export function sumToHex(sum: Readonly<HashSum>): string {
  return wordToHex(sum.hi) + wordToHex(sum.lo)
}

/** Throws a RangeError when `hex` is not 16 lower-case hexadecimal digits. */
export function sumFromHex(hex: string): HashSum {
  if (!HEX.test(hex)) throw new RangeError(`a hash sum is 16 lower-case hexadecimal digits, not "${hex.slice(0, 40)}"`)
  return { hi: Number.parseInt(hex.slice(0, 8), 16), lo: Number.parseInt(hex.slice(8), 16) }
}

function addWords(sum: HashSum, hi: number, lo: number): void {
  const low = sum.lo + lo
  sum.lo = low >>> 0
  sum.hi = (sum.hi + hi + (low > 0xffffffff ? 1 : 0)) >>> 0
}

function wordToHex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
