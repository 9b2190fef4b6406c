import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LittleEdge } from './little-edge'

const within = (rate: number, share: number, of: number) => Math.abs(rate - of) <= share * of

/** A saturated edge that has been at work for two seconds, with work for long. */
function saturated(slots: number, costMs: number, paceMs?: readonly number[]) {
  const edge = new LittleEdge(slots, paceMs)
  edge.costMs = costMs
  return edge.batch(1_000_000).run(2_000)
}

describe('the true rate', () => {
  test('is 0 before anything was folded', () => {
    expect(new LittleEdge(1).run(1_000).rates.trueRate).toBe(0)
  })

  test.each([
    [1, 1, 1_000],
    [4, 2, 2_000],
    [1, 0.1, 10_000],
    [64, 100, 640],
    [1, 700, 1 / 0.7],
  ])('of a saturated edge with %p slots and %p ms an event is %p, at each reading', (slots, costMs, rate) => {
    const edge = new LittleEdge(slots)
    edge.costMs = costMs
    edge.batch(1_000_000).run(5_000)
    for (const { trueRate } of edge.seen.filter(({ atMs }) => atMs > 1_000)) {
      expect(within(trueRate, 0.15, rate)).toBe(true)
    }
  })

  test.each([0.02, 0.1, 0.5, 0.9])(
    'of one slot that is busy for a share of %p of its time is that of its busy time',
    (share) => {
      const edge = new LittleEdge(1)
      edge.costMs = 2
      edge.arrivalRate = 500 * share
      expect(edge.run(20_000).rates.trueRate).toBeCloseTo(500, -1)
    },
  )

  test('stands while the edge is idle', () => {
    const edge = new LittleEdge(4)
    edge.costMs = 2
    const before = edge.batch(4_000).run(4_000).rates.trueRate
    expect(before).toBeCloseTo(2_000, -1)
    expect(edge.run(60_000).rates.trueRate).toBe(before)
  })

  test('does not follow lone events on many slots, which only show the least that it can do', () => {
    const edge = new LittleEdge(4)
    edge.costMs = 2
    edge.batch(4_000).run(4_000)
    edge.arrivalRate = 100
    expect(edge.run(5_000).rates.trueRate).toBeGreaterThan(1_800)
    expect(edge.run(300_000).rates.trueRate).toBeLessThan(700)
    edge.batch(4_000)
    expect(edge.run(500).rates.trueRate).toBeGreaterThan(1_600)
  })

  test('of folds that hold the thread is exact however little there is to do', () => {
    const edge = new LittleEdge(1, [20], true)
    edge.costMs = 2
    edge.arrivalRate = 100
    edge.run(5_000)
    edge.costMs = 4
    expect(edge.run(3_000).rates.trueRate).toBeCloseTo(250, 0)
  })
})

describe('when the cost of an event changes', () => {
  test.each([
    [1, 1, 10],
    [1, 10, 1],
    [4, 2, 20],
    [4, 20, 2],
    [64, 10, 100],
    [64, 100, 10],
    [1, 0.1, 1],
    [1, 1, 0.1],
  ])('on %p slots from %p ms to %p, the true rate is right after half a second of work', (slots, fromMs, toMs) => {
    const edge = saturated(slots, fromMs)
    edge.costMs = toMs
    const after = edge.run(500).rates.trueRate
    expect(within(after, 0.2, (slots * 1_000) / toMs)).toBe(true)
  })

  test('and changes back within the second, it is right again', () => {
    const edge = saturated(4, 2)
    edge.costMs = 20
    edge.run(500)
    edge.costMs = 2
    expect(within(edge.run(500).rates.trueRate, 0.2, 2_000)).toBe(true)
  })

  test('it follows by busy time, not by the clock', () => {
    const edge = new LittleEdge(1)
    edge.batch(3_000).run(3_000)
    edge.costMs = 10
    edge.batch(10).run(10_000)
    expect(edge.rates.trueRate).toBeGreaterThan(500)
  })

  test('so that it falls below what arrives, that is known within half a second', () => {
    const edge = new LittleEdge(4)
    edge.costMs = 2
    edge.arrivalRate = 1_000
    edge.batch(1_000).run(5_000)
    edge.costMs = 20
    expect(within(edge.run(600).rates.trueRate, 0.2, 200)).toBe(true)
  })
})

describe('when work hangs', () => {
  test('on one of two workers, the rate is that of the other', () => {
    const edge = saturated(2, 2)
    expect(within(edge.rates.trueRate, 0.02, 1_000)).toBe(true)
    edge.hanging = 1
    expect(within(edge.run(500).rates.trueRate, 0.1, 500)).toBe(true)
    edge.hanging = 0
    expect(within(edge.run(500).rates.trueRate, 0.1, 1_000)).toBe(true)
  })

  test.each([
    [500, 2],
    [1_000, 1],
    [10_000, 0.1],
  ])('everywhere, after %p ms the rate is at most %p', (ms, most) => {
    const edge = saturated(2, 2)
    edge.hanging = 2
    const { trueRate } = edge.run(ms + 20).rates
    expect(trueRate).toBeGreaterThan(0)
    expect(trueRate).toBeLessThanOrEqual(most)
  })

  test('everywhere, the rate falls from the first readings on and never rises', () => {
    const edge = saturated(2, 2)
    const before = edge.rates.trueRate
    edge.hanging = 2
    const rates = [
      before,
      ...edge
        .run(1_000)
        .seen.slice(-49)
        .map(({ trueRate }) => trueRate),
    ]
    expect(rates).toEqual([...rates].sort((a, b) => b - a))
    expect(rates[5]).toBeLessThan(before * 0.9)
  })

  test('and nothing waits behind it, the rate falls slowly: there is room for others', () => {
    const edge = new LittleEdge(4)
    edge.costMs = 2
    edge.batch(4_000).run(3_000)
    edge.hanging = 1
    edge.batch(1).run(1_000)
    expect(edge.rates.trueRate).toBeLessThan(1_950)
    expect(edge.rates.trueRate).toBeGreaterThan(1_700)
  })

  test('for as long as the events of a slow service take, the rate does not fall', () => {
    const edge = saturated(64, 200)
    const rates = edge.run(3_000).seen.slice(-100)
    for (const { trueRate } of rates) expect(trueRate).toBeGreaterThan(250)
  })
})

describe('law', () => {
  const paces = fc.array(fc.integer({ min: 5, max: 120 }), { minLength: 1, maxLength: 7 })

  test('a constant load gives the constant, at any pace of readings', () => {
    const slots = fc.constantFrom(1, 2, 4)
    const costMs = fc.constantFrom(0.25, 1, 3, 10)
    fc.assert(
      fc.property(slots, costMs, paces, (slots, costMs, paceMs) => {
        const rate = (slots * 1_000) / costMs
        return within(saturated(slots, costMs, paceMs).rates.trueRate, 0.12, rate)
      }),
      { numRuns: 40 },
    )
  })

  test('after stretches of any cost it lies between the slowest and the fastest', () => {
    const stretch = fc.record({ costMs: fc.constantFrom(0.5, 2, 10), load: fc.constantFrom(0, 0.3, 0.9, 2) })
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), paces, (stretches, paceMs) => {
        const edge = new LittleEdge(1, paceMs)
        edge.batch(1_000).run(2_000)
        for (const { costMs, load } of stretches) {
          edge.costMs = costMs
          edge.arrivalRate = (load * 1_000) / costMs
          edge.run(1_000)
        }
        const rates = [1_000, ...stretches.map(({ costMs }) => 1_000 / costMs)]
        expect(edge.rates.trueRate).toBeGreaterThan(Math.min(...rates) * 0.8)
        expect(edge.rates.trueRate).toBeLessThan(Math.max(...rates) * 1.2)
      }),
      { numRuns: 40 },
    )
  })
})
