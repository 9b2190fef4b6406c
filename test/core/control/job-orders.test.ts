import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Intent } from '../../../core/control/control'
import { jobOrders, type SidecarState } from '../../../core/control/job/job-orders'
import { obeyed } from '../../../core/control/job/orders'
import { anyFacts, IDLE } from './sidecar-samples'

const CALM: Intent = {
  plan: { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false },
  ...{ bursting: false, prewarm: false, reason: 'calm' },
}
const SPIKE: Intent = { ...CALM, plan: { kind: 'valve', limitMs: 500, prime: true }, bursting: true, reason: 'a spike' }
const terms = { mode: 'auto', lanes: 16, maxUsdPerHour: 10, maxQueueDelayMs: 500 } as const

const sidecar: fc.Arbitrary<SidecarState> = fc
  .record({
    facts: anyFacts,
    isHeard: fc.boolean(),
    canBurst: fc.boolean(),
    heldLanes: fc.nat(32),
    heldCents: fc.nat(2_000),
  })
  .map(({ heldCents, ...given }) => ({ ...given, heldUsdPerHour: heldCents / 100 }))
const sidecars = fc.array(sidecar, { minLength: 1, maxLength: 6 })
const limits = fc.record({ lanes: fc.integer({ min: 1, max: 64 }), maxUsdPerHour: fc.nat(20) })

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const fresh = (facts = IDLE): SidecarState => ({
  ...{ facts, isHeard: true, canBurst: true, heldLanes: 0, heldUsdPerHour: 0 },
})
/** The sidecars once they have heard, with no call of earlier orders left. */
const obeying = (all: readonly SidecarState[], orders: ReturnType<typeof jobOrders>): SidecarState[] =>
  all.map((one, index) =>
    one.isHeard ? { ...one, heldLanes: orders[index]!.lanes, heldUsdPerHour: orders[index]!.maxUsdPerHour } : one,
  )

describe('what the sidecars of a job are told', () => {
  test('never lets them use more than the limits of the job, unless they did before', () => {
    fc.assert(
      fc.property(sidecars, limits, fc.nat(30), (all, given, spentUsd) => {
        const orders = jobOrders(CALM, { ...terms, ...given }, spentUsd, all)
        const able = all.map((one, index) => [one, orders[index]!] as const).filter(([{ canBurst }]) => canBurst)
        const lanes = able.map(([{ heldLanes }, order]) => Math.max(heldLanes, order.lanes))
        const usd = able.map(([{ heldUsdPerHour }, order]) => Math.max(heldUsdPerHour, order.maxUsdPerHour))
        expect(sum(lanes)).toBeLessThanOrEqual(Math.max(given.lanes, sum(able.map(([one]) => one.heldLanes))))
        const heldUsd = sum(able.map(([one]) => one.heldUsdPerHour))
        expect(sum(usd)).toBeLessThanOrEqual(Math.max(given.maxUsdPerHour, heldUsd) + 1e-9)
      }),
    )
  })

  test('shares out the whole ceiling in two rounds, and starves none, when all of them hear', () => {
    fc.assert(
      fc.property(sidecars, limits, (some, given) => {
        const all = some.map((one) => ({ ...one, isHeard: true, canBurst: true }))
        const bounds = { ...terms, ...given }
        const once = jobOrders(SPIKE, bounds, 0, all)
        const lanes = jobOrders(SPIKE, bounds, 0, obeying(all, once)).map((order) => order.lanes)
        expect(sum(lanes)).toBe(given.lanes)
        if (given.lanes >= all.length) expect(Math.min(...lanes)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  test('leaves none of them more to spend than the job has left', () => {
    fc.assert(
      fc.property(fc.array(anyFacts, { minLength: 1, maxLength: 6 }), fc.nat(20), (facts, maxUsdPerHour) => {
        const orders = jobOrders(SPIKE, { ...terms, maxUsdPerHour }, 0, facts.map(fresh))
        const spent = sum(facts.map(({ spentUsd }) => spentUsd))
        const more = orders.map((order, index) => Math.max(0, order.maxUsdPerHour - facts[index]!.spentUsd))
        expect(sum(more)).toBeLessThanOrEqual(Math.max(0, maxUsdPerHour - spent) + 1e-9)
      }),
    )
  })

  test('counts what sidecars that are gone have spent', () => {
    const orders = jobOrders(CALM, terms, 7, [fresh(), fresh()])
    expect(sum(orders.map(({ maxUsdPerHour }) => maxUsdPerHour))).toBeCloseTo(3, 9)
  })

  test('gives calls to the one that needs them, and the other keeps some for a spike of its own', () => {
    const busy = fresh({ ...IDLE, arrivalRate: 8_000, backlogEvents: 2_000 })
    expect(jobOrders(SPIKE, terms, 0, [busy, fresh()]).map(({ lanes }) => lanes)).toEqual([14, 2])
  })

  test('takes nothing from one that does not hear, and gives nothing of it away', () => {
    const silent = { ...fresh(), isHeard: false, heldLanes: 10 }
    expect(jobOrders(SPIKE, terms, 0, [silent, fresh()]).map(({ lanes }) => lanes)).toEqual([10, 6])
  })

  test('gives nothing to one without a cloud', () => {
    const orders = jobOrders(CALM, terms, 0, [{ ...fresh(), canBurst: false }, fresh()])
    expect(orders.map(({ lanes, maxUsdPerHour }) => [lanes, maxUsdPerHour])).toEqual([
      [0, 0],
      [16, 10],
    ])
  })

  test('arms the valves while the job bursts, and says why', () => {
    const [order] = jobOrders(SPIKE, terms, 0, [fresh()])
    expect(order).toMatchObject({ mode: 'auto', valveMs: 500, reason: 'a spike' })
    expect(jobOrders(CALM, terms, 0, [fresh()])[0]?.valveMs).toBeNull()
  })
})

describe('a sidecar under orders', () => {
  const [orders] = jobOrders(SPIKE, terms, 0, [fresh()])

  test('bursts what would wait too long when the job does', () => {
    expect(obeyed(CALM, orders!)).toMatchObject({
      ...{ bursting: true, reason: 'the job: a spike' },
      plan: { kind: 'valve', limitMs: 500 },
    })
  })

  test('goes by its own signal when that says so, whatever it was told', () => {
    expect(obeyed(SPIKE, { ...orders!, valveMs: null })).toBe(SPIKE)
    expect(obeyed(SPIKE, orders!)).toBe(SPIKE)
  })

  test('goes by its own signal without any', () => {
    expect(obeyed(CALM, null)).toBe(CALM)
  })
})
