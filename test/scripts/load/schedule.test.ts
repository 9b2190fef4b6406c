import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { planBatch } from '../../../scripts/load/delivery/batch'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import type { Profile } from '../../../scripts/load/schedule/profile'
import type { Schedule } from '../../../scripts/load/schedule/schedule'

const rates = fc.integer({ min: 1, max: 5000 })
const lengths = fc.integer({ min: 1, max: 30 })
const seeds = fc.nat({ max: 2 ** 32 - 1 })

const schedule = (profile: Profile, seconds: number, seed = 1): Schedule => scheduleOf(profile, seconds, seed, '')

/** [name, profile, expected events per second on average] */
const formulas: [string, (rate: number, peak: number) => Profile, (rate: number, peak: number) => number][] = [
  ['constant', (rate) => ({ kind: 'constant', rate }), (rate) => rate],
  ['step', (rate, peak) => ({ kind: 'step', rate, peak, startSeconds: null }), (rate, peak) => (rate + 2 * peak) / 3],
  [
    'spike',
    (rate, peak) => ({ kind: 'spike', rate, peak, startSeconds: null, lengthSeconds: null }),
    (rate, peak) => (2 * rate + peak) / 3,
  ],
  ['ramp', (rate, peak) => ({ kind: 'ramp', rate, peak }), (rate, peak) => (rate + peak) / 2],
  ['sine', (rate, peak) => ({ kind: 'sine', rate, peak, periodSeconds: null }), (rate, peak) => (rate + peak) / 2],
]

describe.each(formulas)('the profile %s', (_, profileOf, meanOf) => {
  test('integrates to its mean rate times the seconds', () => {
    fc.assert(
      fc.property(rates, rates, lengths, (rate, peak, seconds) => {
        const { total } = schedule(profileOf(rate, peak), seconds)
        expect(Math.abs(total - meanOf(rate, peak) * seconds)).toBeLessThanOrEqual(0.5 + 1e-6)
      }),
    )
  })

  test('has times that never fall, agree with the count due, and end with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (rate, peak) => {
        expectConsistent(schedule(profileOf(rate, peak), 2))
      }),
      { numRuns: 30 },
    )
  })
})

describe('the profile poisson', () => {
  test('comes to rate times seconds within six standard deviations, for every seed', () => {
    fc.assert(
      fc.property(rates, lengths, seeds, (rate, seconds, seed) => {
        const mean = rate * seconds
        const { total } = schedule({ kind: 'poisson', rate }, seconds, seed)
        expect(Math.abs(total - mean)).toBeLessThan(6 * Math.sqrt(mean) + 6)
      }),
      { numRuns: 30 },
    )
  })

  test('is the same for the same seed and another for another', () => {
    const timesOf = (seed: number) => times(schedule({ kind: 'poisson', rate: 1000 }, 1, seed))
    expect(timesOf(5)).toEqual(timesOf(5))
    expect(timesOf(5)).not.toEqual(timesOf(6))
  })

  test('has times that never fall and agree with the count due, in any order of asking', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const one = schedule({ kind: 'poisson', rate: 700 }, 2, seed)
        expectConsistent(one)
        const backwards = Array.from({ length: one.total }, (_, i) => one.timeOf(one.total - 1 - i))
        expect(backwards.reverse()).toEqual(times(one))
      }),
      { numRuns: 20 },
    )
  })

  test('has gaps as exponential as they should be: a share of 1/e is longer than the mean', () => {
    const all = times(schedule({ kind: 'poisson', rate: 1000 }, 20))
    const long = all.filter((time, n) => n > 0 && time - all[n - 1]! > 1).length
    expect(long / all.length).toBeCloseTo(Math.exp(-1), 1)
  })
})

describe('the shape of a schedule', () => {
  const between = (of: Schedule, from: number, to: number) => of.dueAt(to * 1000) - of.dueAt(from * 1000)

  test('a spike holds its peak from its start for its length, and the rate elsewhere', () => {
    const spike = schedule({ kind: 'spike', rate: 10, peak: 90, startSeconds: 2, lengthSeconds: 3 }, 10)
    expect([between(spike, 0, 2), between(spike, 2, 5), between(spike, 5, 10)]).toEqual([20, 270, 50])
    expect(spike.spike).toEqual({ startMs: 2000, endMs: 5000 })
  })

  test('a spike begins one third into the run and is one third long unless told otherwise', () => {
    const { spike } = schedule({ kind: 'spike', rate: 1, peak: 9, startSeconds: null, lengthSeconds: null }, 9)
    expect(spike).toEqual({ startMs: 3000, endMs: 6000 })
  })

  test('a spike that outlasts the run ends with it', () => {
    const spike = schedule({ kind: 'spike', rate: 10, peak: 90, startSeconds: 8, lengthSeconds: 30 }, 10)
    expect(spike.total).toBe(80 + 180)
    expect(spike.spike).toEqual({ startMs: 8000, endMs: 10_000 })
  })

  test('a spike may come out of nothing', () => {
    const spike = schedule({ kind: 'spike', rate: 0, peak: 100, startSeconds: 1, lengthSeconds: 1 }, 3)
    expect(spike.total).toBe(100)
    expect(spike.timeOf(0)).toBeCloseTo(1005)
  })

  test('a step stays at its peak', () => {
    const step = schedule({ kind: 'step', rate: 10, peak: 40, startSeconds: null }, 9)
    expect([between(step, 0, 3), between(step, 3, 9)]).toEqual([30, 240])
    expect(step.spike).toEqual({ startMs: 3000, endMs: null })
  })

  test('a sine begins at the rate and is at the peak half a period later', () => {
    const sine = schedule({ kind: 'sine', rate: 100, peak: 900, periodSeconds: 10 }, 20)
    expect(between(sine, 0, 0.1)).toBe(10)
    expect(between(sine, 4.95, 5.05)).toBe(90)
    expect(sine.total).toBe(10_000)
  })
})

describe('batches', () => {
  test('contain every event once, in order, at most so many, from within 10 ms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 50 }),
        seeds,
        (rate, maxEvents, seed) => {
          const one = schedule({ kind: 'poisson', rate }, 1, seed)
          let first = 0
          for (let number = 0; first < one.total; number++) {
            const { times } = planBatch(one, number, first, maxEvents)
            const last = times[times.length - 1]!
            first += times.length
            expect(times.length <= maxEvents && last - times[0]! < 10 && last === one.timeOf(first - 1)).toBe(true)
          }
          expect(first).toBe(one.total)
        },
      ),
      { numRuns: 30 },
    )
  })
})

function times(of: Schedule): number[] {
  return Array.from({ length: of.total }, (_, n) => of.timeOf(n))
}

/** A nanosecond of rounding is allowed. */
function expectConsistent(of: Schedule): void {
  const all = times(of)
  expect(all.every((time, n) => time >= (all[n - 1] ?? 0) && time <= of.durationMs)).toBe(true)
  expect(all.every((time, n) => of.dueAt(time + 1e-6) >= n + 1 && of.dueAt(time - 1e-6) <= n)).toBe(true)
  expect(of.dueAt(of.durationMs)).toBe(of.total)
}
