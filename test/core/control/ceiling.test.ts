import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Ceiling, NO_CEILING, relax, throttled } from '../../../core/control/ceiling'
import { burstEnvelopeEvents } from '../../../core/control/control'

/** A throttle at `sentRate`, or only time that passes. */
type Step = { readonly afterMs: number; readonly sentRate?: number }

function ceilingAfter(steps: readonly Step[]): { ceiling: Ceiling; nowMs: number } {
  let ceiling = NO_CEILING
  let nowMs = 5_000
  for (const { afterMs, sentRate } of steps) {
    nowMs += afterMs
    ceiling = sentRate === undefined ? relax(ceiling, nowMs) : throttled(ceiling, sentRate, nowMs)
  }
  return { ceiling, nowMs }
}

describe('the ceiling', () => {
  test.each<[string, Step[], number]>([
    ['is none before the cloud throttles', [{ afterMs: 1e6 }], Number.POSITIVE_INFINITY],
    ['is four fifths of what was sent when it throttled', [{ afterMs: 0, sentRate: 1_000 }], 800],
    [
      'is cut once a second at most',
      [{ afterMs: 0, sentRate: 1_000 }, ...Array(9).fill({ afterMs: 110, sentRate: 100 })],
      800 + 40 * 0.99,
    ],
    [
      'is cut again after a second',
      [
        { afterMs: 0, sentRate: 1_000 },
        { afterMs: 1_000, sentRate: 700 },
      ],
      560,
    ],
    [
      'is not raised by a throttle at more than it allows, which comes of what was sent before',
      [
        { afterMs: 0, sentRate: 1_000 },
        { afterMs: 1_000, sentRate: 5_000 },
      ],
      840,
    ],
    ['learns nothing from a throttle while nothing is sent', [{ afterMs: 0, sentRate: 0 }], Number.POSITIVE_INFINITY],
    ['grows by a twentieth of the cut a second', [{ afterMs: 0, sentRate: 1_000 }, { afterMs: 10_000 }], 1_200],
    ['grows to four times the cut', [{ afterMs: 0, sentRate: 1_000 }, { afterMs: 60_000 }], 3_200],
    ['and is forgotten beyond that', [{ afterMs: 0, sentRate: 1_000 }, { afterMs: 60_001 }], Number.POSITIVE_INFINITY],
  ])('%s', (_, steps, rate) => {
    expect(ceilingAfter(steps).ceiling.rate).toBeCloseTo(rate)
  })
})

describe('law', () => {
  const steps = fc.array(
    fc.record(
      { afterMs: fc.nat(5_000), sentRate: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 })) },
      { requiredKeys: ['afterMs'] },
    ) as fc.Arbitrary<Step>,
    { maxLength: 30 },
  )

  test('it is always above 0, so that something can be sent in the end', () => {
    fc.assert(fc.property(steps, (steps) => ceilingAfter(steps).ceiling.rate > 0))
  })

  test('a throttle never raises it, and lowers it to four fifths of what was sent at most', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 100_000 }), fc.nat(3_000), (steps, sentRate, afterMs) => {
        const { ceiling, nowMs } = ceilingAfter(steps)
        const atMs = nowMs + afterMs
        const before = relax(ceiling, atMs).rate
        const { rate } = throttled(ceiling, sentRate, atMs)
        expect(rate).toBeLessThanOrEqual(before)
        expect(rate === before || rate === sentRate * 0.8).toBe(true)
      }),
    )
  })

  test('time never lowers it, and how often it is looked at changes nothing', () => {
    fc.assert(
      fc.property(steps, fc.nat(40_000), fc.nat(40_000), (steps, firstMs, secondMs) => {
        const { ceiling, nowMs } = ceilingAfter(steps)
        const first = relax(ceiling, nowMs + firstMs)
        expect(first.rate).toBeGreaterThanOrEqual(ceiling.rate)
        const whole = relax(ceiling, nowMs + firstMs + secondMs).rate
        const parts = relax(first, nowMs + firstMs + secondMs).rate
        if (Number.isFinite(whole) && Number.isFinite(parts)) expect(Math.abs(parts / whole - 1)).toBeLessThan(1e-9)
      }),
    )
  })
})

describe('an envelope that may burst has at most', () => {
  test.each([
    // edge, lane, events
    [1_000, 1_000, 200],
    [1_000, 750, 150],
    [2_000, 10_000, 400],
    [1_000, 0, 200], // nothing is known of the lanes
    [0, 750, 150],
    [100, 10, 128], // each costs a write
    [0, 0, Number.POSITIVE_INFINITY],
  ])('where the edge folds %i/s and a lane %i/s: %p events', (trueRate, laneRate, events) => {
    expect(burstEnvelopeEvents({ trueRate, laneRate }, 1_000)).toBe(events)
  })

  test('half as many where the target is half as long', () => {
    expect(burstEnvelopeEvents({ trueRate: 2_000, laneRate: 3_000 }, 500)).toBe(200)
  })
})
