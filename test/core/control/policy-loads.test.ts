import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { leastOverflow } from '../../../core/control/least-overflow'
import { spillway } from '../../../core/control/policies'
import { TERMS } from '../../support/sample-facts'
import { changesMs, littleQueue, mostChanges, type Step, sum, TRUE_RATE } from './little-queue'

/** Noise between -1 and 1 that is the same in every run. */
function noiseFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 31 - 1
  }
}

const spike =
  (times: number, untilS: number, then = 0.5) =>
  (atS: number) => {
    if (atS < 5) return 0.5
    return atS < untilS ? times : then
  }

const burstOf = (steps: readonly Step[]) => sum(steps.map(({ burst }) => burst))
const longestMs = (steps: readonly Step[]) => Math.max(...steps.map(({ delayMs }) => delayMs))

describe.each(['kinesis', 'invoke'] as const)('over %s', (transport) => {
  const terms = TERMS[transport]
  const run = (load: (atS: number) => number, seconds: number) => littleQueue(spillway(terms), load, seconds)

  test.each([4, 10])('a step to %i times the capacity is met within 250 ms, and keeps the target', (times) => {
    const steps = run(spike(times, 25), 40)
    const first = steps.find(({ burst }) => burst > 0)
    expect(first?.atMs).toBeLessThanOrEqual(5_250)
    expect(longestMs(steps)).toBeLessThanOrEqual(terms.latencyTargetMs)
  })

  test.each([1.3, 1.5, 2, 4, 10])(
    'a spike of %p times the capacity bursts once, and little more than it must',
    (times) => {
      const steps = run(spike(times, 25), 40)
      expect(changesMs(steps)).toHaveLength(2)
      const arrivals = steps.map(({ arrived }) => arrived)
      const least = leastOverflow({ arrivals, binMs: 50, capacity: TRUE_RATE, latencyTargetMs: terms.maxQueueDelayMs })
      expect(least.total / burstOf(steps)).toBeGreaterThan(0.95)
    },
  )

  test.each([4, 10])('after a spike of %i times the capacity nothing is sent a second later', (times) => {
    const steps = run(spike(times, 25), 40)
    const under = steps.findLastIndex(({ delayMs }) => delayMs > terms.maxQueueDelayMs * 0.9)
    const sent = steps.findLast(({ burst }) => burst > 0)
    expect(sent!.atMs).toBeLessThanOrEqual(steps[under]!.atMs + 1_000)
  })

  test('spikes of a second that come every five are met by one change of mode', () => {
    const steps = run((atS) => (atS % 5 < 1 ? 4 : 0.2), 60)
    expect(changesMs(steps)).toHaveLength(1)
    expect(longestMs(steps)).toBeLessThanOrEqual(terms.latencyTargetMs)
  })

  test('a slow climb is met late, once, and keeps the target', () => {
    const steps = run((atS) => Math.min(2, 0.5 + atS / 40), 80)
    expect(changesMs(steps)).toHaveLength(1)
    expect(changesMs(steps)[0]).toBeGreaterThan(20_000) // the capacity is passed at 20 s
    expect(longestMs(steps)).toBeLessThanOrEqual(terms.latencyTargetMs)
  })

  test('below the capacity nothing bursts', () => {
    expect(burstOf(run((atS) => 0.7 + 0.25 * Math.sin(atS), 120))).toBe(0)
  })

  const periods = [0.3, 1, 2, 5, 7, 10, 13, 20, 25, 30, 40, 60, 120]
  test.each(periods)(
    'a load that hovers with a period of %p s and gusts of 20 %% changes the mode at most once in 10 s',
    (period) => {
      const noise = noiseFrom(Math.round(period * 100))
      const steps = run((atS) => 1 + 0.05 * Math.sin((2 * Math.PI * atS) / period) + 0.2 * noise(), 120)
      expect(mostChanges(steps)).toBeLessThanOrEqual(1)
      expect(longestMs(steps)).toBeLessThanOrEqual(terms.latencyTargetMs)
    },
  )

  test('no load between 95 and 105 % changes the mode more than once in 10 s, or misses the target', () => {
    const hovering = fc.record({
      seed: fc.nat(1e6),
      mean: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
      swing: fc.double({ min: 0, max: 0.05, noNaN: true }),
      period: fc.double({ min: 0.2, max: 120, noNaN: true }),
      gusts: fc.double({ min: 0, max: 0.05, noNaN: true }),
    })
    fc.assert(
      fc.property(hovering, ({ seed, mean, swing, period, gusts }) => {
        const noise = noiseFrom(seed)
        const wave = (atS: number) => mean + swing * Math.sin((2 * Math.PI * atS) / period) + gusts * noise()
        const steps = run((atS) => Math.min(1.05, Math.max(0.95, wave(atS))), 120)
        expect(mostChanges(steps)).toBeLessThanOrEqual(1)
        expect(longestMs(steps)).toBeLessThanOrEqual(terms.latencyTargetMs)
      }),
      { numRuns: 60 },
    )
  })
})
