import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { policyNamed } from '../../../core/control/policies'
import type { RouteLimits } from '../../../core/control/route'
import { Controller, type Readings } from '../../../edge-node/control/control'
import { ManualClock } from '../../support/manual-clock'
import { TERMS } from '../../support/sample-facts'

const LIMITS: RouteLimits & { readonly latencyTargetMs: number } = {
  maxBacklogBytes: 1e9,
  maxInFlightEnvelopes: 1_000,
  maxInFlightBytes: 1e9,
  maxUsdPerHour: 1,
  maxDivertShare: 0.5,
  workers: 1,
  latencyTargetMs: 1_000,
}
const ENVELOPE = { events: 10, aheadEvents: 5_000 }
const STEP_MS = 50

/** A controller over an edge of 1,000 events/s whose counters the test moves, in steps of 50 ms. */
function scene(mode: 'auto' | 'always' | 'never' = 'auto') {
  const clock = new ManualClock(1_000)
  const logged: string[] = []
  const logger = pino({}, { write: (line: string) => void logged.push(JSON.parse(line).msg) })
  let prewarmed = 0
  const edge: { -readonly [Name in keyof Readings]: Readings[Name] } = {
    ...{ accepted: 0, folded: 0, busyMs: 0, waiting: false, sent: 0, taken: 0, divertMs: 0, throttled: 0, usd: 0 },
    ...{ backlogEvents: 0, backlogBytes: 0, inFlightEnvelopes: 0, inFlightEvents: 0, inFlightBytes: 0 },
    ...{ lanes: 8, laneRate: 1_000, cloudAway: undefined },
  }
  const controller = new Controller({
    mode,
    limits: LIMITS,
    policy: policyNamed('spillway', TERMS.kinesis),
    readings: () => ({ ...edge }),
    prewarm: () => {
      prewarmed += 1
    },
    logger,
    clock,
  })
  /** Lets time pass at so many arrivals per second, of which the edge folds what it can. */
  const pass = async (durationMs: number, rate: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
      edge.accepted += (rate * STEP_MS) / 1000
      edge.backlogEvents += (rate * STEP_MS) / 1000
      const folded = Math.min(edge.backlogEvents, STEP_MS)
      edge.folded += folded
      edge.busyMs += folded
      edge.backlogEvents -= folded
      edge.waiting = edge.backlogEvents > 0
      await clock.pass(STEP_MS)
      controller.look()
    }
  }
  return { controller, edge, pass, logged, prewarmed: () => prewarmed }
}

describe('a step to four times the capacity', () => {
  test('is noticed, warmed up for, and kept as a decision with its facts and reason', async () => {
    const { controller, pass, logged, prewarmed } = scene()
    await pass(2_000, 500)
    expect(prewarmed()).toBe(0)
    await pass(500, 4_000)
    expect(controller.route(ENVELOPE).route).toBe('burst')
    expect(prewarmed()).toBeGreaterThan(0)
    expect(controller.decisions.all).toMatchObject([
      { bursting: true, reason: expect.stringMatching(/arrive, the edge folds/), facts: { trueRate: 1_000 } },
    ])
    expect(logged).toEqual(['bursting begins'])
  })

  test('is over when the load drops, and both changes are on the record', async () => {
    const { controller, pass } = scene()
    await pass(2_000, 500)
    await pass(2_000, 4_000)
    await pass(20_000, 300)
    expect(controller.decisions.all.map(({ bursting }) => bursting)).toEqual([true, false])
    expect(controller.decisions.changes).toBe(2)
    expect(controller.route({ events: 10, aheadEvents: 0 }).route).toBe('edge')
  })
})

describe('the operator', () => {
  test.each([
    ['always', 'burst'],
    ['never', 'edge'],
  ] as const)('says %s, and the policy is not asked: %s', async (mode, route) => {
    const { controller, pass } = scene(mode)
    await pass(2_000, 4_000)
    expect(controller.route(ENVELOPE).route).toBe(route)
    expect(controller.isBursting).toBe(mode === 'always')
  })

  test('is told why nothing bursts any more once an hour has cost what it may', async () => {
    const { controller, edge, pass } = scene()
    await pass(2_000, 500)
    await pass(1_000, 4_000)
    edge.usd = 1
    await pass(50, 4_000)
    expect(controller.route(ENVELOPE)).toMatchObject({ route: 'edge', reason: expect.stringContaining('$1') })
    edge.backlogBytes = 1e9
    expect(controller.refusal()).toMatch(/the edge is full.*the spending limit/)
  })
})

describe('throttles', () => {
  test('in a burst that has lasted set a ceiling below what was sent, and it grows back', async () => {
    const { controller, edge, pass } = scene()
    await pass(2_000, 500)
    for (let step = 0; step < 40; step++) {
      edge.sent += 150
      edge.taken += 125
      await pass(50, 4_000)
    }
    edge.throttled += 5
    await pass(50, 4_000)
    const { ceilingRate } = controller.facts()
    expect(ceilingRate).toBeLessThanOrEqual(0.8 * 2_500) // of what the cloud took, not of what was tried
    await pass(5_000, 4_000)
    expect(controller.facts().ceilingRate).toBeGreaterThan(ceilingRate)
  })

  test('in the first second of a burst say nothing: little was sent yet', async () => {
    const { controller, edge, pass } = scene()
    await pass(2_000, 500)
    await pass(300, 4_000)
    edge.sent += 50
    edge.throttled += 5
    await pass(50, 4_000)
    expect(controller.facts().ceilingRate).toBe(Number.POSITIVE_INFINITY)
  })
})

test('while the cloud is away nothing goes there, and nothing is warmed up', async () => {
  const { controller, edge, pass, prewarmed } = scene()
  await pass(2_000, 500)
  edge.cloudAway = 'the cloud is away (no route)'
  await pass(1_000, 4_000)
  expect(controller.route(ENVELOPE)).toMatchObject({ route: 'edge', reason: 'the cloud is away (no route)' })
  expect(prewarmed()).toBe(0)
})
