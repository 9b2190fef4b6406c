import { describe, expect, test } from '@jest/globals'
import { distinct } from '../../../scripts/verify/aggregate'
import { estimate, murmur3, placeOf, utf8 } from '../../../scripts/verify/distinct'
import { distinctText } from '../../../scripts/verify/field'

describe('murmur3_x86_32 gives the published vectors', () => {
  test.each([
    [[], 0, 0],
    [[], 1, 0x514e28b7],
    [[], 0xffffffff, 0x81f16f39],
    [[0xff, 0xff, 0xff, 0xff], 0, 0x76293b50],
    [[0x21, 0x43, 0x65, 0x87], 0, 0xf55b516b],
    [[0x21, 0x43, 0x65, 0x87], 0x5082edee, 0x2362f9de],
    [[0x21, 0x43, 0x65], 0, 0x7e4a8634],
    [[0x21, 0x43], 0, 0xa0f7b07a],
    [[0x21], 0, 0x72661cf4],
    [[0, 0, 0, 0], 0, 0x2362f9de],
    [[0, 0, 0], 0, 0x85f0b427],
    [[0, 0], 0, 0x30f4c306],
    [[0], 0, 0x514e28b7],
  ])('bytes %p with seed %p', (bytes, seed, hash) => {
    expect(murmur3(Uint8Array.from(bytes), seed)).toBe(hash)
  })

  test.each([
    ['a', 0x7fa09ea6],
    ['aa', 0x5d211726],
    ['aaa', 0x283e0130],
    ['aaaa', 0x5a97808a],
    ['abcd', 0xf0478627],
    ['Hello, world!', 0x24884cba],
    ['ππππππππ', 0xd58063c1],
    ['The quick brown fox jumps over the lazy dog', 0x2fa826cd],
  ])('text %p with seed 0x9747b28c', (text, hash) => {
    expect(murmur3(utf8(text), 0x9747b28c)).toBe(hash)
  })

  test('a lone surrogate is hashed as U+FFFD', () => {
    expect([...utf8('\ud800')]).toEqual([0xef, 0xbf, 0xbd])
  })
})

describe('distinct', () => {
  test.each([
    ['s', 4084, 1],
    ['shello', 2264, 2],
    ['n0', 2692, 2],
    ['btrue', 3042, 1],
    ['sπ', 2584, 2],
  ])('%p falls into the place that another implementation computed', (text, register, rank) => {
    expect(placeOf(text)).toEqual({ register, rank })
  })

  test.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [10, 10],
    [1_000, 993],
    [10_000, 10_084],
    [100_000, 99_162],
  ])('the numbers below %p are estimated at %p, as another implementation does', (count, estimated) => {
    const numbers = distinct('x')
    const accumulator = numbers.start()
    for (let x = 0; x < count; x++) accumulator.add(numbers.read({ x })!)
    expect(accumulator.result()).toBe(estimated)
  })

  test('a repeated value changes nothing', () => {
    const values = distinct('x')
    const accumulator = values.start()
    for (let i = 0; i < 1_000; i++) accumulator.add(values.read({ x: 'same' })!)
    expect(accumulator.result()).toBe(1)
  })

  test('one register with a high rank still is one value', () => {
    expect(estimate(new Map([[17, 53]]))).toBe(1)
  })

  test('registers close to their limit are estimated as another implementation does', () => {
    const ranks = Array.from({ length: 4096 }, (_, register): [number, number] => [register, register < 96 ? 52 : 53])
    expect(BigInt(estimate(new Map(ranks)))).toBe(69436371008487383040n)
  })

  test('a register keeps the highest rank in whatever order the ranks come', () => {
    const place = (register: number, rank: number) => register * 64 + rank
    const [rising, falling, high] = [distinct('x').start(), distinct('x').start(), distinct('x').start()]
    for (let register = 0; register < 4096; register++) {
      for (const rank of [1, 5, 9]) rising.add(place(register, rank))
      for (const rank of [9, 5, 1]) falling.add(place(register, rank))
      high.add(place(register, 9))
    }
    expect(rising.result()).toBe(high.result())
    expect(falling.result()).toBe(high.result())
  })

  test('strings, numbers and booleans that print alike are different values; -0 is 0', () => {
    expect(['1', 1, true, 'true', -0].map(distinctText)).toEqual(['s1', 'n1', 'btrue', 'strue', 'n0'])
  })

  test('what is no string, finite number or boolean cannot be read', () => {
    expect([null, undefined, {}, [], Number.NaN, Number.POSITIVE_INFINITY].map(distinctText)).toEqual(
      Array(6).fill(undefined),
    )
  })
})
