import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Facts } from '../../../core/control/control'
import { leastOverflow } from '../../../core/control/least-overflow'
import { spillway } from '../../../core/control/policies'
import { AT_REST, type PolicyState, primed, spillwayPolicy } from '../../../core/control/policy'
import { facts, TERMS } from '../../support/sample-facts'
import { changesMs, littleQueue, mostChanges, type Step, sum, TRUE_RATE } from './little-edge'

const NOW_MS = 100_000
const { kinesis } = TERMS

/** Facts with this queue delay, at which so many times the capacity arrive, for at least a second. */
const under = (delayMs: number, load: number, more: Partial<Facts> = {}): Facts =>
  facts({ backlogEvents: delayMs, arrivalRate: load * 1_000, steadyRate: load * 1_000, ...more })

const resting = (sinceMs: number): PolicyState => ({ ...AT_REST, sinceMs: NOW_MS - sinceMs })
const bursting = (sinceMs: number, neededMs: number): PolicyState => ({
  bursting: true,
  primed: true,
  sinceMs: NOW_MS - sinceMs,
  neededMs: NOW_MS - neededMs,
  suspicion: null,
})

/** The same, after 40 ms in which the queue has grown as it would under these facts. */
const foreseen = (state: PolicyState, { backlogEvents, arrivalRate }: Facts): PolicyState => ({
  ...state,
  suspicion: { sinceMs: NOW_MS - 40, delayMs: backlogEvents - 40 * (arrivalRate / 1_000 - 1) },
})

const decided = (state: PolicyState, given: Facts) => spillwayPolicy(foreseen(state, given), given, kinesis, NOW_MS)[1]

describe('bursting begins', () => {
  test.each([
    // queue delay, load, begins
    [0, 4, false], // a queue that has not begun to grow is no trend
    [80, 4, false],
    [81, 4, true], // 3,081 ms a second ahead
    [300, 1.5, false], // 800 ms ahead: the target is safe
    [501, 1.5, true],
    [800, 1.1, false],
    [800, 1, false],
    [801, 1, true],
    [801, 0, true],
  ])('at a queue delay of %i ms and %p times the capacity: %p', (delayMs, load, begins) => {
    expect(decided(AT_REST, under(delayMs, load)).bursting).toBe(begins)
  })

  test.each([
    // within the dwell: a queue over its limit waits, a target about to be missed does not
    [2_000, 850, 1.05, false],
    [9_999, 900, 1, false],
    [10_000, 850, 1.05, true],
    [2_000, 960, 1.05, true],
    [2_000, 100, 4, true],
    [2_000, 1_001, 0.5, true],
  ])('%i ms after the last burst, at %i ms and %p times the capacity: %p', (sinceMs, delayMs, load, begins) => {
    expect(decided(resting(sinceMs), under(delayMs, load)).bursting).toBe(begins)
  })

  test('within the dwell a tenth of a second is no ground for it', () => {
    const gust = under(300, 1, { arrivalRate: 4_000 })
    expect(decided(resting(2_000), gust).bursting).toBe(false)
    expect(decided(resting(10_000), gust).bursting).toBe(true)
  })

  test('by a forecast only when the queue has grown by at least half of it for 40 ms: a pause of the machine is no spike', () => {
    const given = under(200, 4)
    const waited = (waitedMs: number, delayMs: number) =>
      spillwayPolicy({ ...AT_REST, suspicion: { sinceMs: NOW_MS - waitedMs, delayMs } }, given, kinesis, NOW_MS)[1]
    expect(spillwayPolicy(AT_REST, given, kinesis, NOW_MS)[1].bursting).toBe(false)
    expect(waited(39, 80).bursting).toBe(false)
    expect(waited(40, 80).bursting).toBe(true)
    expect(waited(40, 180).bursting).toBe(true)
    expect(waited(40, 181).bursting).toBe(false)
    expect(waited(40, 230).bursting).toBe(false)
  })

  test('with the first envelope sent ahead of need, and only that one', () => {
    const given = under(100, 4)
    const [begun, intent] = spillwayPolicy(foreseen(AT_REST, given), given, kinesis, NOW_MS)
    expect(intent.plan).toEqual({ kind: 'valve', limitMs: 800, prime: true })
    expect(spillwayPolicy(primed(begun), under(100, 4), kinesis, NOW_MS)[1].plan).toMatchObject({ prime: false })
  })

  test('not before anything was folded: the edge may be fast', () => {
    expect(decided(AT_REST, under(1e6, 4, { trueRate: 0 })).bursting).toBe(false)
  })
})

describe('the valve stays armed', () => {
  test.each([
    // armed for, needed before, delay, load, goes on
    [20_000, 9_999, 0, 0, true], // spikes come in groups
    [20_000, 10_000, 0, 0, false],
    [20_000, 10_000, 400, 0.5, false],
    [20_000, 10_000, 401, 0.5, true], // not drained yet
    [60_000, 10_000, 100, 4, true], // the next second would miss the target
  ])(
    'after %i ms, last needed %i ms ago, at %i ms and %p times the capacity: %p',
    (sinceMs, neededMs, delayMs, load, goesOn) => {
      expect(decided(bursting(sinceMs, neededMs), under(delayMs, load)).bursting).toBe(goesOn)
    },
  )

  test.each([
    [401, true],
    [400, false],
  ])('and was needed now when the queue delay is %i ms: %p', (delayMs, isNeeded) => {
    const [{ neededMs }] = spillwayPolicy(bursting(5_000, 3_000), under(delayMs, 0.5), kinesis, NOW_MS)
    expect(neededMs === NOW_MS).toBe(isNeeded)
  })

  test.each([
    // needed before, delay, load, one goes ahead of need
    [1_000, 100, 4, true],
    [999, 100, 4, false], // the pollers are awake
    [1_000, 100, 0.5, false],
    [1_000, 801, 1, true],
  ])(
    'and wakes the cloud again for a spike: needed %i ms ago, at %i ms and %p times the capacity: %p',
    (neededMs, delayMs, load, prime) => {
      expect(decided(bursting(5_000, neededMs), under(delayMs, load)).plan).toMatchObject({ prime })
    },
  )
})

describe('the valve', () => {
  test('is shut while nothing bursts', () => {
    expect(decided(AT_REST, under(500, 1)).plan).toEqual({
      kind: 'valve',
      limitMs: Number.POSITIVE_INFINITY,
      prime: false,
    })
  })

  test.each([
    [0, 0, 0, 800],
    [2_000, 4, 1_000, 800], // half a second in the cloud
    [8_000, 4, 1_000, 2_000], // two seconds: as long may an event wait here
    [8_000, 0, 0, 800], // nothing is known of the cloud
  ])(
    'with %i events in flight on %i lanes of %i/s lets an event wait for %i ms',
    (inFlightEvents, lanes, laneRate, limitMs) => {
      const given = under(900, 4, { inFlightEvents, lanes, laneRate })
      expect(decided(bursting(1_000, 0), given).plan).toEqual({ kind: 'valve', limitMs, prime: false })
    },
  )
})

describe('functions are warmed up', () => {
  test.each([
    // before the threshold is crossed: two seconds ahead, lead and cold start
    [0, 4, false],
    [80, 4, false],
    [81, 4, true],
    [81, 1.3, false], // 681 ms ahead
    [150, 1.33, true],
    [160, 1, false],
    [161, 1, true],
    [161, 0, true],
  ])('at a queue delay of %i ms and %p times the capacity: %p', (delayMs, load, due) => {
    expect(decided(AT_REST, under(delayMs, load)).prewarm).toBe(due)
  })
})

describe('the reason says', () => {
  test.each([
    [AT_REST, under(100, 0.5), 'queue delay 100 ms, limit 800 ms; 500 events/s arrive, the edge folds 1,000'],
    [
      AT_REST,
      under(100, 4),
      'queue delay 100 ms, limit 800 ms, 3,100 ms ahead; 4,000 events/s arrive, the edge folds 1,000',
    ],
    [AT_REST, under(900, 1), 'queue delay 900 ms, limit 800 ms passed; 1,000 events/s arrive, the edge folds 1,000'],
    [bursting(1_000, 100), under(100, 1), 'queue delay 100 ms, limit 800 ms; what would wait longer is sent'],
  ])('why, in words (%#)', (state, given, reason) => {
    expect(decided(state, given).reason).toBe(reason)
  })
})

describe('the policy under whole loads', () => {
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
        const least = leastOverflow({
          arrivals,
          binMs: 50,
          capacity: TRUE_RATE,
          latencyTargetMs: terms.maxQueueDelayMs,
        })
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
})
