import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { leastOverflow } from '../../../core/control/least-overflow'

/**
 * The least by trying all ways to divert whole events of each bin; the queue is followed event by event and second by
 * second.
 */
function leastByTrying(arrivals: readonly number[], capacity: number, most: number, queue = 0): number {
  const [first, ...rest] = arrivals
  if (first === undefined) return 0
  let least = Number.POSITIVE_INFINITY
  for (let diverted = 0; diverted <= first; diverted++) {
    const after = Math.max(0, queue + first - diverted - capacity)
    if (after <= most) least = Math.min(least, diverted + leastByTrying(rest, capacity, most, after))
  }
  return least
}

/** The longest wait at the edge when these shares are diverted, by small steps of time. */
function longestWaitMs(arrivals: readonly number[], shares: readonly number[], capacity: number): number {
  const steps = 500
  let queue = 0
  let longest = 0
  for (const [bin, events] of arrivals.entries()) {
    for (let step = 0; step < steps; step++) {
      queue = Math.max(0, queue + (events * (1 - shares[bin]!) - capacity) / steps)
      longest = Math.max(longest, (queue / capacity) * 1000)
    }
  }
  return longest
}

const SECOND = { binMs: 1_000, capacity: 100, latencyTargetMs: 1_000 }

describe('the least overflow', () => {
  test.each([
    ['nothing arrives', [], 0, []],
    ['it fits', [100, 100, 50], 0, [0, 0, 0]],
    ['a step fills the queue first', [400, 400, 100], 500, [0.5, 0.75, 0]],
    ['idle time is not saved up', [0, 0, 0, 300], 100, [0, 0, 0, 1 / 3]],
    ['a spike within the target waits', [200, 0, 200, 0], 0, [0, 0, 0, 0]],
    ['a second one finds the first still waiting', [200, 100, 200], 100, [0, 0, 0.5]],
  ])('when %s', (_, arrivals, total, perBin) => {
    const found = leastOverflow({ ...SECOND, arrivals })
    expect(found.total).toBeCloseTo(total, 9)
    expect(found.perBin).toHaveLength(perBin.length)
    for (const [bin, share] of perBin.entries()) expect(found.perBin[bin]).toBeCloseTo(share, 9)
  })

  test('the length of the bins counts', () => {
    const minutes = { binMs: 60_000, capacity: 100, latencyTargetMs: 1_000 }
    expect(leastOverflow({ ...minutes, arrivals: [6_000, 12_000] }).total).toBeCloseTo(5_900, 6)
  })

  test('without capacity everything overflows', () => {
    expect(leastOverflow({ ...SECOND, capacity: 0, arrivals: [3, 0, 2] })).toEqual({ total: 5, perBin: [1, 0, 1] })
  })

  test('is what no other way of diverting whole events goes below', () => {
    const bins = fc.array(fc.nat(6), { maxLength: 5 })
    fc.assert(
      fc.property(bins, fc.integer({ min: 1, max: 4 }), fc.nat(4), (arrivals, capacity, most) => {
        const latencyTargetMs = (most / capacity) * 1000
        const { total } = leastOverflow({ arrivals, binMs: 1_000, capacity, latencyTargetMs })
        expect(total).toBeCloseTo(leastByTrying(arrivals, capacity, most), 9)
      }),
      { numRuns: 200 },
    )
  })

  test('diverted by its shares, nothing waits longer than the target, and the shares come to the total', () => {
    const bins = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 })
    const some = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(bins, some, fc.nat(5_000), (arrivals, capacity, latencyTargetMs) => {
        const { total, perBin } = leastOverflow({ arrivals, binMs: 1_000, capacity, latencyTargetMs })
        expect(longestWaitMs(arrivals, perBin, capacity)).toBeLessThanOrEqual(latencyTargetMs + 1e-3)
        expect(perBin.every((share) => share >= 0 && share <= 1)).toBe(true)
        expect(arrivals.reduce((sum, events, bin) => sum + events * perBin[bin]!, 0)).toBeCloseTo(total, 6)
      }),
      { numRuns: 50 },
    )
  })
})
