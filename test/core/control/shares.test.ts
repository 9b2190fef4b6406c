import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { granted, sharesByNeed, wholeShares } from '../../../core/control/job/job-orders'

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
