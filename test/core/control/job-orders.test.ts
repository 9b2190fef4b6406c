import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Intent } from '../../../core/control/control'
import {
  granted,
  jobLastHourUsd,
  jobOrders,
  jobSpent,
  NO_JOB_SPEND,
  type SidecarState,
  sharesByNeed,
  wholeShares,
} from '../../../core/control/job/job-orders'
import { obeyed } from '../../../core/control/job/orders'
import { anySidecarFacts, IDLE_SIDECAR } from '../../support/sample-facts'

const CALM: Intent = {
  plan: { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false },
  ...{ bursting: false, prewarm: false, reason: 'calm' },
}
const SPIKE: Intent = { ...CALM, plan: { kind: 'valve', limitMs: 500, prime: true }, bursting: true, reason: 'a spike' }
const terms = { mode: 'auto', lanes: 16, maxUsdPerHour: 10, maxQueueDelayMs: 500 } as const

const sidecar: fc.Arbitrary<SidecarState> = fc
  .record({
    facts: anySidecarFacts,
    isHeard: fc.boolean(),
    canBurst: fc.boolean(),
    heldLanes: fc.nat(32),
    heldCents: fc.nat(2_000),
  })
  .map(({ heldCents, ...given }) => ({ ...given, heldUsdPerHour: heldCents / 100 }))
const sidecars = fc.array(sidecar, { minLength: 1, maxLength: 6 })
const limits = fc.record({ lanes: fc.integer({ min: 1, max: 64 }), maxUsdPerHour: fc.nat(20) })

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const fresh = (facts = IDLE_SIDECAR): SidecarState => ({
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
      fc.property(fc.array(anySidecarFacts, { minLength: 1, maxLength: 6 }), fc.nat(20), (facts, maxUsdPerHour) => {
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
    const busy = fresh({ ...IDLE_SIDECAR, arrivalRate: 8_000, backlogEvents: 2_000 })
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

describe('the spending of a job', () => {
  const HOUR_MS = 3_600_000
  const costs = (incarnation: string, totalUsd: number, lastHourUsd = totalUsd) => ({
    ...{ incarnation, totalUsd, lastHourUsd },
  })

  describe('what a job has spent', () => {
    test('is what all of its sidecars have, also those that were started again', () => {
      let job = jobSpent(NO_JOB_SPEND, [costs('a', 0), costs('b', 0)], 0)
      job = jobSpent(job, [costs('a', 2), costs('b', 1)], 1_000)
      job = jobSpent(job, [costs('a2', 0), costs('b', 1.5)], 2_000)
      job = jobSpent(job, [costs('a2', 0.5), costs('b', 1.5)], 3_000)
      expect(jobLastHourUsd(job, 3_000)).toBeCloseTo(4, 9)
      expect(jobLastHourUsd(job, 2 * HOUR_MS)).toBe(0)
    })

    test('counts of one that is met for the first time what it spent within the hour', () => {
      expect(jobLastHourUsd(jobSpent(NO_JOB_SPEND, [costs('a', 100, 3)], 0), 0)).toBe(3)
    })

    test('does not count again what a sidecar says that was away', () => {
      let job = jobSpent(NO_JOB_SPEND, [costs('a', 2)], 0)
      job = jobSpent(job, [], 1_000)
      job = jobSpent(job, [costs('a', 2.5)], 2_000)
      expect(jobLastHourUsd(job, 2_000)).toBeCloseTo(2.5, 9)
    })

    test('is never less than what the sidecars of one hour say', () => {
      const steps = fc.array(fc.nat(100), { minLength: 1, maxLength: 50 })
      fc.assert(
        fc.property(steps, steps, (ofA, ofB) => {
          let [job, a, b] = [NO_JOB_SPEND, 0, 0]
          for (let at = 0; at < Math.max(ofA.length, ofB.length); at++) {
            a += ofA[at] ?? 0
            b += ofB[at] ?? 0
            job = jobSpent(job, [costs('a', a), costs('b', b)], at * 1_000)
          }
          expect(jobLastHourUsd(job, 50_000)).toBe(a + b)
        }),
      )
    })
  })
})

describe('the shares of sidecars', () => {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const needs = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 })
  const total = fc.integer({ min: 0, max: 1_000 })

  describe('shares by need', () => {
    test('add up to the whole, and leave nobody without any', () => {
      fc.assert(
        fc.property(needs, (all) => {
          const shares = sharesByNeed(all)
          expect(sum(shares)).toBeCloseTo(1, 9)
          expect(Math.min(...shares)).toBeGreaterThan(0)
        }),
      )
    })

    test('are larger where the need is', () => {
      fc.assert(
        fc.property(needs, (all) => {
          const shares = sharesByNeed(all)
          const [most, least] = [all.indexOf(Math.max(...all)), all.indexOf(Math.min(...all))]
          expect(shares[most]).toBeGreaterThanOrEqual(shares[least]!)
        }),
      )
    })

    test('are even where nobody needs anything', () => {
      expect(sharesByNeed([0, 0, 0, 0])).toEqual([0.25, 0.25, 0.25, 0.25])
    })
  })

  describe('whole things', () => {
    test('are all given out, one to each first where there are enough', () => {
      fc.assert(
        fc.property(needs, total, (all, things) => {
          const given = wholeShares(things, sharesByNeed(all))
          expect(sum(given)).toBe(things)
          expect(given.every(Number.isInteger)).toBe(true)
          expect(Math.min(...given)).toBeGreaterThanOrEqual(things >= all.length ? 1 : 0)
        }),
      )
    })

    test('go to where the need is', () => {
      expect(wholeShares(16, sharesByNeed([1_000, 0]))).toEqual([14, 2])
    })
  })

  describe('what is granted', () => {
    const claims = fc.array(fc.record({ held: fc.nat(100), wanted: fc.nat(100) }), { minLength: 1, maxLength: 10 })

    test('never lets all that is held exceed the whole, unless it did before', () => {
      fc.assert(
        fc.property(total, claims, (whole, all) => {
          const grants = granted(whole, all)
          const held = sum(all.map((claim) => claim.held))
          const mayBeUsed = sum(grants.map((grant, index) => Math.max(grant, all[index]!.held)))
          expect(mayBeUsed).toBeLessThanOrEqual(Math.max(whole, held))
          for (const [index, { wanted }] of all.entries()) expect(grants[index]).toBeLessThanOrEqual(wanted)
        }),
      )
    })

    test('is what is wanted, once those that hold too much have given it up', () => {
      fc.assert(
        fc.property(needs, total, fc.infiniteStream(fc.nat(100)), (all, whole, some) => {
          const wanted = wholeShares(whole, sharesByNeed(all))
          const claimsOf = (held: readonly number[]) =>
            wanted.map((want, index) => ({ held: held[index]!, wanted: want }))
          const first = granted(whole, claimsOf(wanted.map(() => some.next().value as number)))
          expect(granted(whole, claimsOf(first))).toEqual(wanted)
        }),
      )
    })
  })
})
