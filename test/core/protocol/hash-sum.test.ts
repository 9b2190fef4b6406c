import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { mix, murmur3 } from '../../../core/aggregates/murmur3'
import {
  addEvent,
  addSum,
  eventHasher,
  sumEquals,
  sumFromHex,
  sumToHex,
  zeroSum,
} from '../../../core/protocol/hash-sum'

const offset = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1))
const offsets = fc.array(offset, { maxLength: 30 })

function sumOf(incarnation: string, events: number[]) {
  const sum = zeroSum()
  for (const event of events) addEvent(sum, eventHasher(incarnation), event)
  return sum
}

/** The specification in BigInt. */
function reference(incarnation: string, events: number[]): string {
  const mask = 2n ** 32n - 1n
  const mix32 = (word: bigint) => BigInt(mix(Number(word & mask)))
  const a = BigInt(murmur3(incarnation, 0))
  const b = BigInt(murmur3(incarnation, 0x9e3779b9))
  const hashOf = (event: bigint) => {
    const x = mix32((event & mask) ^ a)
    const y = mix32((event >> 32n) ^ b ^ x)
    return (y << 32n) + mix32(x + y)
  }
  const total = events.reduce((sum, event) => sum + hashOf(BigInt(event)), 0n)
  return BigInt.asUintN(64, total).toString(16).padStart(16, '0')
}

describe('a hash sum', () => {
  test('is the sum modulo 2^64 of the specified hashes', () => {
    fc.assert(
      fc.property(fc.string(), offsets, (incarnation, events) => {
        expect(sumToHex(sumOf(incarnation, events))).toBe(reference(incarnation, events))
      }),
    )
  })

  test('of two sets is the sum of their sums, in any order', () => {
    fc.assert(
      fc.property(offsets, offsets, (left, right) => {
        const from = sumOf('log', right)
        const merged = sumOf('log', left)
        addSum(merged, from)
        expect(sumEquals(merged, sumOf('log', [...right, ...left].reverse()))).toBe(true)
        expect(from).toEqual(sumOf('log', right))
      }),
    )
  })

  test('tells one event twice from two events, which a count cannot', () => {
    expect(sumEquals(sumOf('log', [7, 7]), sumOf('log', [7, 8]))).toBe(false)
    expect(sumEquals(sumOf('log', [7]), sumOf('other log', [7]))).toBe(false)
    expect(sumEquals({ hi: 1, lo: 2 }, { hi: 2, lo: 2 })).toBe(false)
  })

  test('has no equal hashes among the first 100,000 events', () => {
    const hasher = eventHasher('log')
    const hashes = Array.from({ length: 100_000 }, (_, event) => {
      const sum = zeroSum()
      addEvent(sum, hasher, event)
      return sumToHex(sum)
    })
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('of nothing is 0', () => {
    expect(sumToHex(zeroSum())).toBe('0000000000000000')
  })
})

describe('the text of a hash sum', () => {
  test('is 16 digits that read back', () => {
    fc.assert(
      fc.property(offsets, (events) => {
        const sum = sumOf('log', events)
        expect(sumToHex(sum)).toMatch(/^[0-9a-f]{16}$/)
        expect(sumFromHex(sumToHex(sum))).toEqual(sum)
      }),
    )
    expect(sumFromHex('ffffffff00000001')).toEqual({ hi: 0xffffffff, lo: 1 })
  })

  test.each([
    '',
    '0',
    '00000000000000000',
    '000000000000000G',
    '0x00000000000000',
    'ABCDEF0000000000',
    '0000000000000000\n',
  ])('%j is refused', (text) => {
    expect(() => sumFromHex(text)).toThrow(RangeError)
  })
})
