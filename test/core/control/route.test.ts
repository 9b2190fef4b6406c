import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Facts, Intent, Plan } from '../../../core/control/control'
import { type BurstMode, type RouteLimits, refusal, route } from '../../../core/control/route'
import { anyFacts, facts } from '../../support/sample-facts'

const LIMITS: RouteLimits = {
  maxBacklogBytes: 1_000,
  maxInFlightEnvelopes: 10,
  maxInFlightBytes: 5_000,
  maxUsdPerHour: 2,
  maxDivertShare: 0.9,
  workers: 1,
}

const wants = (plan: Plan): Intent => ({ plan, bursting: true, prewarm: true, reason: 'so it is planned' })
const valve = (limitMs: number, prime = false) => wants({ kind: 'valve', limitMs, prime })
const OPEN = valve(500)
const DEAR = 'sending an event away costs 950.0 us of this machine, folding it 1000.0 us'
const SHUT = valve(Number.POSITIVE_INFINITY)

const to = (mode: BurstMode, intent: Intent, given: Facts, aheadEvents = 0) =>
  route(mode, intent, LIMITS, given, { events: 100, aheadEvents }, 0)[1]

describe('an envelope of 100 events goes, at 1,000 events/s', () => {
  test.each<[string, BurstMode, Intent, number, 'edge' | 'burst']>([
    ['is done within the limit', 'auto', OPEN, 400, 'edge'],
    ['would be done later than that', 'auto', OPEN, 401, 'burst'],
    ['is the first of a burst', 'auto', valve(500, true), 0, 'burst'],
    ['finds the valve shut', 'auto', SHUT, 1e9, 'edge'],
    ['comes while bursting is switched off', 'never', valve(0, true), 1e9, 'edge'],
    ['comes while everything is to burst', 'always', SHUT, 0, 'burst'],
  ])('when it %s: mode %s', (_, mode, intent, aheadEvents, expected) => {
    expect(to(mode, intent, facts(), aheadEvents).route).toBe(expected)
  })

  test.each<[string, number, number, 'edge' | 'burst']>([
    ['takes twice as long, since as many events of the next are folded meanwhile', 2, 300, 'edge'],
    ['takes twice as long, and that is too long', 2, 301, 'burst'],
    ['takes three times as long beside two others', 3, 200, 'edge'],
    ['takes three times as long beside two others, and that is too long', 3, 201, 'burst'],
    ['is taken by an edge that would soon be idle, however many might be folded beside it', 64, 200, 'edge'],
  ])('when it %s', (_, workers, aheadEvents, expected) => {
    const candidate = { events: 100, aheadEvents }
    expect(route('auto', OPEN, { ...LIMITS, workers }, facts(), candidate, 0)[1].route).toBe(expected)
  })

  test('to the edge when nothing waits there and it fits the limit, also with many workers', () => {
    const candidate = { events: 500, aheadEvents: 0 }
    expect(route('auto', OPEN, { ...LIMITS, workers: 64 }, facts(), candidate, 0)[1].route).toBe('edge')
  })

  test('to the edge while nothing is known of its rate', () => {
    expect(to('auto', OPEN, facts({ trueRate: 0 }), 1e9).route).toBe('edge')
  })

  test('with the reason and the queue delay', () => {
    expect(to('auto', OPEN, facts({ backlogEvents: 700 }), 600)).toEqual({
      route: 'burst',
      queueDelayMs: 700,
      reason: 'so it is planned',
    })
    expect(to('never', OPEN, facts()).reason).toBe('bursting is switched off')
    expect(to('always', OPEN, facts()).reason).toBe('bursting is switched on for everything')
  })

  test('to the cloud when the edge is full, whatever the policy plans', () => {
    expect(to('auto', SHUT, facts({ backlogBytes: 1_000 }))).toMatchObject({
      route: 'burst',
      reason: 'the edge is full',
    })
    expect(to('never', SHUT, facts({ backlogBytes: 1_000 })).route).toBe('edge')
  })
})

describe('what the cloud cannot take goes to the edge', () => {
  test.each<[Partial<Facts>, string]>([
    [{ cloudAway: 'the cloud is away (no answer)' }, 'the cloud is away (no answer)'],
    [{ inFlightEnvelopes: 10 }, 'the cloud is full: 10 envelopes (0 bytes) in flight'],
    [{ inFlightBytes: 5_000 }, 'the cloud is full: 0 envelopes (5000 bytes) in flight'],
    [{ spentUsd: 2 }, 'the spending limit is reached: $2.0000 of $2 within an hour'],
    [{ sentRate: 4_000, ceilingRate: 4_000 }, 'the cloud throttles: it takes about 4000 events/s'],
  ])('%p', (some, reason) => {
    for (const mode of ['auto', 'always'] as const) {
      expect(to(mode, valve(0), facts(some))).toMatchObject({ route: 'edge', reason })
    }
  })

  test.each<[Partial<Facts>]>([
    [{ inFlightEnvelopes: 9 }],
    [{ inFlightBytes: 4_999 }],
    [{ spentUsd: 1.99 }],
    [{ sentRate: 3_999, ceilingRate: 4_000 }],
  ])('but not before: %p', (some) => {
    expect(to('auto', valve(0), facts(some)).route).toBe('burst')
  })
})

describe('where diverting costs as much as folding', () => {
  test.each([
    // folding takes 1,000 us; sending has to take less than 0.9 of that
    [0, 'burst'],
    [899, 'burst'],
    [900, 'edge'],
    [5_000, 'edge'],
  ])('sending for %i us an event goes to: %s', (divertUs, expected) => {
    expect(to('auto', valve(0), facts({ divertUs })).route).toBe(expected)
    expect(to('always', valve(0), facts({ divertUs })).route).toBe('burst')
  })

  test('auto never bursts, whatever else is the case', () => {
    const plan = fc.oneof(
      fc.record({ kind: fc.constant('valve' as const), limitMs: fc.nat(1_000), prime: fc.constant(false) }),
      fc.record({ kind: fc.constant('share' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ kind: fc.constant('machines' as const), machines: fc.integer({ min: 1, max: 20 }) }),
    )
    fc.assert(
      fc.property(plan, anyFacts, fc.nat(10_000), fc.nat(10_000), (plan, given, events, aheadEvents) => {
        const dear = { ...given, foldUs: 1_000, divertUs: 900 + given.divertUs }
        expect(route('auto', wants(plan), LIMITS, dear, { events, aheadEvents }, 1e9)[1].route).toBe('edge')
      }),
    )
  })

  test('but the first envelope of a burst goes, since what diverting costs is only known by diverting', () => {
    const first = { kind: 'valve' as const, limitMs: 500, prime: true }
    expect(to('auto', wants(first), facts({ divertUs: 5_000 })).route).toBe('burst')
  })

  test('the reason names both costs', () => {
    expect(to('auto', valve(0), facts({ divertUs: 950 })).reason).toBe(DEAR)
  })
})

describe('a plan by share or machines', () => {
  /** The events of so many envelopes that burst. */
  function burst(plan: Plan, envelopes: number, given = facts(), events = 100): number {
    let owed = 0
    let sent = 0
    for (let number = 0; number < envelopes; number++) {
      const [next, decision] = route('auto', wants(plan), LIMITS, given, { events, aheadEvents: 0 }, owed)
      owed = next
      if (decision.route === 'burst') sent += events
    }
    return sent
  }

  test.each<[Plan, number]>([
    [{ kind: 'share', share: 0 }, 0],
    [{ kind: 'share', share: 0.25 }, 2_500],
    [{ kind: 'share', share: 0.85 }, 8_500],
    [{ kind: 'share', share: 1 }, 10_000],
    [{ kind: 'machines', machines: 1 }, 0],
    [{ kind: 'machines', machines: 4 }, 7_500],
  ])('%p bursts of 10,000 events %i', (plan, events) => {
    expect(Math.abs(burst(plan, 100) - events)).toBeLessThanOrEqual(100)
  })

  test('what the cloud could not take is not sent later instead', () => {
    const plan = { kind: 'share', share: 0.5 } as const
    const away = facts({ cloudAway: 'the cloud is away' })
    const [owed] = route('auto', wants(plan), LIMITS, away, { events: 100, aheadEvents: 0 }, 80)
    expect(owed).toBe(0)
  })
})

describe('a request is refused', () => {
  const FULL = 'the edge is full: 1000 of 1000 bytes wait'
  const AWAY = { cloudAway: 'the cloud is away' }

  test.each<[BurstMode, Partial<Facts>, string | null]>([
    ['auto', { backlogBytes: 999, ...AWAY }, null],
    ['auto', { backlogBytes: 1_000 }, null],
    ['always', { backlogBytes: 1_000 }, null],
    ['never', { backlogBytes: 1_000 }, FULL],
    ['auto', { backlogBytes: 1_000, ...AWAY }, `${FULL}; the cloud is away`],
    ['always', { backlogBytes: 1_000, ...AWAY }, `${FULL}; the cloud is away`],
    ['auto', { backlogBytes: 1_000, divertUs: 950 }, `${FULL}; ${DEAR}`],
    ['always', { backlogBytes: 1_000, divertUs: 950 }, null],
    [
      'auto',
      { backlogBytes: 1_000, spentUsd: 2 },
      `${FULL}; the spending limit is reached: $2.0000 of $2 within an hour`,
    ],
  ])('in mode %s with %p: %p', (mode, some, reason) => {
    expect(refusal(mode, LIMITS, facts(some))).toBe(reason)
  })

  test('only when the edge is full, and then only when its events could not burst either', () => {
    const mode = fc.constantFrom<BurstMode>('auto', 'always', 'never')
    fc.assert(
      fc.property(mode, anyFacts, (mode, given) => {
        const isRefused = refusal(mode, LIMITS, given) !== null
        const isFull = given.backlogBytes >= LIMITS.maxBacklogBytes
        if (!isFull) expect(isRefused).toBe(false)
        else expect(isRefused).toBe(to(mode, SHUT, given).route === 'edge')
      }),
    )
  })
})
