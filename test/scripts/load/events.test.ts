import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { bidLines, llmUsageLines, zipf } from '../../../scripts/load/events/bids'
import { draws } from '../../../scripts/load/events/random'
import { openSource } from '../../../scripts/load/events/source'
import { LOAD_DEFAULTS } from '../../../scripts/load/options'

const seeds = fc.nat({ max: 2 ** 32 - 1 })
const numbers = fc.maxSafeNat()
const shape = { keys: 50, zipf: 1, poison: 0 }
const many = Array.from({ length: 20_000 }, (_, n) => n)

describe('generated events', () => {
  test('are a pure function of seed and number, whatever was generated before', () => {
    fc.assert(
      fc.property(seeds, fc.array(numbers, { minLength: 1 }), (seed, ns) => {
        for (const open of [() => bidLines(seed, shape), () => llmUsageLines(seed)]) {
          const used = open()
          for (const n of ns) used(n, 0)
          expect(ns.map((n) => used(n, 7))).toEqual(ns.map((n) => open()(n, 7)))
        }
      }),
      { numRuns: 50 },
    )
  })

  test('differ from seed to seed and from number to number', () => {
    const texts = [1, 2, 3].flatMap((seed) => many.slice(0, 1000).map((n) => bidLines(seed, shape)(n, 0)))
    expect(new Set(texts).size).toBe(3000)
  })

  test('bids are valid JSON of about 120 bytes with every field', () => {
    const line = bidLines(1, shape)
    fc.assert(
      fc.property(numbers, (n) => {
        const text = line(n, 1_700_000_000_000)
        const bid = JSON.parse(text)
        expect(Object.keys(bid)).toEqual(['auction', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'])
        expect(bid.auction).toBeGreaterThanOrEqual(1000)
        expect(bid.auction).toBeLessThan(1050)
        expect(bid.price).toBeGreaterThanOrEqual(0.01)
        expect(Math.abs(bid.price * 100 - Math.round(bid.price * 100))).toBeLessThan(1e-4)
        expect(bid.dateTime).toBe(1_700_000_000_000)
        expect(text.length).toBeGreaterThan(110)
        expect(text.length).toBeLessThan(145)
      }),
    )
  })

  test('poison gives that share of bids a price of 0', () => {
    const zeros = (poison: number) => many.filter((n) => bidAt(n, poison).price === 0).length
    const bidAt = (n: number, poison: number) => JSON.parse(lines.get(poison)!(n, 0))
    const lines = new Map([0, 0.1, 1].map((poison) => [poison, bidLines(3, { ...shape, poison })]))
    expect(zeros(0)).toBe(0)
    expect(zeros(0.1) / many.length).toBeCloseTo(0.1, 1)
    expect(zeros(1)).toBe(many.length)
  })

  test('token counts are whole, positive and long-tailed', () => {
    const line = llmUsageLines(1)
    const calls = many.map((n) => JSON.parse(line(n, 1_700_000_000_123)))
    const contexts = calls.map((call) => call.ContextTokens).sort((a, b) => a - b)
    expect(calls[0].TIMESTAMP).toBe('2023-11-14T22:13:20.123Z')
    expect(calls.every((call) => Number.isInteger(call.GeneratedTokens) && call.GeneratedTokens > 0)).toBe(true)
    expect(contexts[0]).toBeGreaterThan(0)
    expect(contexts[19_800]).toBeGreaterThan(5 * contexts[10_000])
  })

  test('carry the intended time less a disorder between 0 and its limit', async () => {
    const source = openSource({ ...LOAD_DEFAULTS, profile: { kind: 'constant', rate: 1 }, disorderMs: 3 }, 1000)
    const lines = await source.lines({ number: 0, first: 0, times: Float64Array.from(many, (n) => n * 10 + 0.7) })
    const disorder = lines.map((line, n) => 1000 + n * 10 - JSON.parse(line).dateTime)
    expect([...new Set(disorder)].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('zipf', () => {
  test.each([0, 0.5, 1, 1.5])('with exponent %d gives rank r a weight of 1 / (r + 1) ** exponent', (exponent) => {
    const rankOf = zipf(20, exponent)
    const [slot, alias] = [draws(9, 'slot'), draws(9, 'alias')]
    const counts = new Array(20).fill(0)
    for (const n of many) counts[rankOf(slot(n), alias(n))]++
    const weights = counts.map((_, rank) => 1 / (rank + 1) ** exponent)
    const whole = weights.reduce((a, b) => a + b)
    for (const [rank, weight] of weights.entries()) expect(counts[rank] / many.length).toBeCloseTo(weight / whole, 1)
  })

  test('stays within its ranks', () => {
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), unit, unit, (keys, u, v) => {
        const rank = zipf(keys, 1)(u, v)
        expect(rank).toBeGreaterThanOrEqual(0)
        expect(rank).toBeLessThan(keys)
      }),
    )
  })
})
