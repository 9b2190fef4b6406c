import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { mix, murmur3, murmur3Bytes } from '../../../core/aggregates/murmur3'

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
