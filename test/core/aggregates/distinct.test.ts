import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { distinct } from '../../../core/aggregates/distinct'
import { MAX_SPARSE, observationOf, type Registers } from '../../../core/aggregates/hyperloglog'
import { mix, murmur3, murmur3Bytes } from '../../../core/aggregates/murmur3'
import { Refusal } from '../../../core/pipeline/aggregate'

const users = distinct('user')
const STANDARD_ERROR = 1.04 / Math.sqrt(4096)

function add(state: Registers, user: unknown): Registers {
  const value = users.read({ user })
  if (value instanceof Refusal) throw new Error(value.reason)
  return users.add(state, value)
}

function registersOf(prefix: string, n: number): Registers {
  let state = users.zero()
  for (let i = 0; i < n; i++) state = add(state, `${prefix}${i}`)
  return state
}

describe('the estimate', () => {
  test.each([10, 100, 256, 257, 1_000, 5_000, 20_000, 200_000])('of %d values is within 5 standard errors', (n) => {
    for (const prefix of ['a', 'user-']) {
      const estimate = users.present(registersOf(prefix, n))
      expect(Math.abs(estimate - n)).toBeLessThanOrEqual(Math.max(1, 5 * STANDARD_ERROR * n))
    }
  })

  test('of nothing is 0, of one value 1', () => {
    expect(users.present(users.zero())).toBe(0)
    expect(users.present(registersOf('a', 1))).toBe(1)
  })

  test.each([
    [0, 0],
    [1, 1],
    [7, 7],
    [256, 259],
    [300, 303],
    [5_000, 5_066],
    [100_000, 98_323],
  ])('of %d mixed values is what an independent program computes', (n, estimate) => {
    let state = users.zero()
    for (let i = 0; i < n; i++) state = add(state, i % 3 === 0 ? i : `ü${i}`)
    expect(users.present(state)).toBe(estimate)
  })

  test('of registers at the highest ranks is what an independent program computes', () => {
    const [rank52, rank53] = ['0', '1']
    expect(users.present(users.decode(`${rank52}${rank53}`.repeat(2048)))).toBe(20473779359949150000)
    expect(users.present(users.decode(`${rank52}${rank53.repeat(3)}`.repeat(1024)))).toBe(29572345742635688000)
  })

  test('does not grow with repetition', () => {
    const once = registersOf('a', 500)
    const thrice = [1, 2, 3].map(() => registersOf('a', 500)).reduce(users.merge)
    expect(thrice).toEqual(once)
  })

  test('is a whole number for any registers that decode takes', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let rank = 1; rank < 53; rank++) {
      expect(Number.isInteger(users.present(users.decode(alphabet[rank]!.repeat(4096))))).toBe(true)
    }
  })
})

describe('an observation', () => {
  /** The specification, with the 52 bits as text. */
  const reference = (text: string) => {
    const h1 = murmur3(text, 0)
    const h2 = murmur3(text, 0x9e3779b9)
    const bits = (h1 & 0xfffff).toString(2).padStart(20, '0') + h2.toString(2).padStart(32, '0')
    const zeros = bits.indexOf('1') === -1 ? 52 : bits.indexOf('1')
    return (h1 >>> 20) * 64 + 1 + zeros
  }

  test('is register * 64 + rank', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => observationOf(text) === reference(text)))
  })

  test('takes its rank from the second hash when the first has 20 zeros', () => {
    for (const text of ['s1002063', 's1299803', 's2310268', 's5790779']) {
      expect(murmur3(text, 0) & 0xfffff).toBe(0)
      expect(observationOf(text)).toBe(reference(text))
    }
    expect(observationOf('s1002063')).toBe(14 * 64 + 21)
    expect(observationOf('s2310268')).toBe(0x8a2 * 64 + 24)
  })

  test('sees the type of a value', () => {
    expect(users.read({ user: '12' })).toBe(observationOf('s12'))
    expect(users.read({ user: 12 })).toBe(observationOf('n12'))
    expect(users.read({ user: -0 })).toBe(observationOf('n0'))
    expect(users.read({ user: true })).toBe(observationOf('btrue'))
  })
})

describe('the registers', () => {
  const inUse = (state: Registers) => (Array.isArray(state) ? state.length : state.filter((rank) => rank > 0).length)

  test('have a form that their number above zero decides, whatever the way there', () => {
    const size = fc.constantFrom(0, 1, 100, 200, 256, 257, 300, 600)
    fc.assert(
      fc.property(size, size, (n, more) => {
        const merged = users.merge(registersOf('a', n), registersOf('b', more))
        let added = registersOf('b', more)
        for (let i = n - 1; i >= 0; i--) added = add(added, `a${i}`)
        expect(merged).toEqual(added)
        expect(Array.isArray(merged)).toBe(inUse(merged) <= MAX_SPARSE)
      }),
    )
  })

  test('are sparse with 256 above zero and dense with 257', () => {
    const first = (n: number) => Array.from({ length: n }, (_, register) => register * 64 + 1)
    const observed = (n: number) => first(n).reduce<Registers>(users.add, users.zero())
    expect(observed(256)).toEqual(first(256))
    expect(observed(257)).toEqual(Uint8Array.from({ length: 4096 }, (_, register) => (register < 257 ? 1 : 0)))
  })

  test('take 3 digits each while there are few, and 4,096 in all when there are many', () => {
    expect(users.encode(registersOf('a', 1))).toMatch(/^[\w-]{3}$/)
    expect(users.encode(registersOf('a', 100))).toMatch(/^[\w-]{290,300}$/)
    expect(users.encode(registersOf('a', 1_000))).toMatch(/^[\w-]{4096}$/)
  })

  test('are the same after a round trip', () => {
    for (const n of [0, 1, 250, 400, 10_000]) {
      const state = registersOf('a', n)
      expect(users.decode(users.encode(state))).toEqual(state)
    }
  })
})

describe('the hash of distinct', () => {
  describe('murmur3', () => {
    test.each([
      ['', 0, 0],
      ['', 1, 0x514e28b7],
      ['', 0xffffffff, 0x81f16f39],
      ['\0\0\0\0', 0, 0x2362f9de],
      ['\0\0\0', 0, 0x85f0b427],
      ['\0\0', 0, 0x30f4c306],
      ['\0', 0, 0x514e28b7],
      ['a', 0x9747b28c, 0x7fa09ea6],
      ['aa', 0x9747b28c, 0x5d211726],
      ['aaa', 0x9747b28c, 0x283e0130],
      ['aaaa', 0x9747b28c, 0x5a97808a],
      ['ab', 0x9747b28c, 0x74875592],
      ['abc', 0x9747b28c, 0xc84a62dd],
      ['abcd', 0x9747b28c, 0xf0478627],
      ['abc', 0, 0xb3dd93fa],
      ['test', 0, 0xba6bd213],
      ['test', 0x9747b28c, 0x704b81dc],
      ['Hello, world!', 0, 0xc0363e43],
      ['Hello, world!', 0x9747b28c, 0x24884cba],
      ['ππππππππ', 0x9747b28c, 0xd58063c1],
      ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
      ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
    ])('of %j with seed %d is the published value', (text, seed, hash) => {
      expect(murmur3(text, seed)).toBe(hash)
    })

    test('has the verification value of SMHasher', () => {
      const hashes = new DataView(new ArrayBuffer(1024))
      for (let i = 0; i < 256; i++) {
        hashes.setUint32(
          4 * i,
          murmur3Bytes(
            Uint8Array.from({ length: i }, (_, byte) => byte),
            256 - i,
          ),
          true,
        )
      }
      expect(murmur3Bytes(new Uint8Array(hashes.buffer), 0)).toBe(0xb0f57ee3)
    })

    test('is the hash of the UTF-8, for any text, short or long', () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.string({ unit: 'binary-ascii', maxLength: 50 }),
      )
      fc.assert(
        fc.property(text, fc.constantFrom(1, 500), fc.integer(), (part, times, seed) => {
          const whole = part.repeat(times)
          expect(murmur3(whole, seed)).toBe(murmur3Bytes(Buffer.from(whole, 'utf8'), seed))
        }),
      )
    })

    test('reads a lone surrogate as U+FFFD', () => {
      expect(murmur3('a\ud83d', 7)).toBe(murmur3('a\ufffd', 7))
      expect(murmur3('\ude00b', 7)).toBe(murmur3('\ufffdb', 7))
      expect(murmur3('\ud83d\ude00', 7)).toBe(murmur3Bytes(Uint8Array.of(0xf0, 0x9f, 0x98, 0x80), 7))
    })
  })

  test('mix is the finalizer: an unsigned 32-bit number from any 32 bits', () => {
    expect(mix(0)).toBe(0)
    expect(mix(1)).toBe(0x514e28b7)
    expect(mix(-1)).toBe(mix(0xffffffff))
    expect(mix(-1)).toBe(0x81f16f39)
  })
})
