import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lastHourUsd, NOTHING_SPENT, type Spend, spent } from '../../../core/control/spend'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

describe('what was spent within the last hour', () => {
  test('is nothing at first', () => {
    expect(lastHourUsd(NOTHING_SPENT, 1e9)).toBe(0)
  })

  test('is what the total grew by', () => {
    const spend = spent(spent(spent(NOTHING_SPENT, 1, 0), 1, 10), 1.5, 20 * MINUTE_MS)
    expect(lastHourUsd(spend, 59 * MINUTE_MS)).toBe(1.5)
  })

  test.each([
    [HOUR_MS, 1.5],
    [HOUR_MS + MINUTE_MS - 1, 1.5],
    [HOUR_MS + MINUTE_MS, 0.5],
    [HOUR_MS + 21 * MINUTE_MS - 1, 0.5],
    [HOUR_MS + 21 * MINUTE_MS, 0],
  ])('after %p ms, of a dollar at the start and half a one in minute 20, is %p', (nowMs, usd) => {
    const spend = spent(spent(NOTHING_SPENT, 1, 0), 1.5, 20 * MINUTE_MS + 5)
    expect(lastHourUsd(spend, nowMs)).toBe(usd)
  })

  test('is not lowered by a total that falls', () => {
    const spend = spent(spent(NOTHING_SPENT, 1, 0), 0.5, 10)
    expect(lastHourUsd(spend, 10)).toBe(1)
    expect(lastHourUsd(spent(spend, 1.25, 20), 20)).toBe(1.25)
  })
})

describe('law', () => {
  const payment = fc.record({
    afterMs: fc.oneof(fc.nat(1_000), fc.nat(5 * MINUTE_MS), fc.nat(2 * HOUR_MS)),
    cents: fc.nat(500),
  })
  const payments = fc.array(payment, { maxLength: 150 })

  /** The state after the payments, and each of them with its time. */
  function paid(payments: readonly { afterMs: number; cents: number }[]) {
    let spend: Spend = NOTHING_SPENT
    let atMs = 12_345
    let totalUsd = 0
    const all = payments.map(({ afterMs, cents }) => {
      atMs += afterMs
      totalUsd += cents / 100
      spend = spent(spend, totalUsd, atMs)
      return { atMs, usd: cents / 100 }
    })
    return { spend, all, nowMs: atMs }
  }
  const within = (all: readonly { atMs: number; usd: number }[], nowMs: number, ms: number) =>
    all.reduce((sum, { atMs, usd }) => (nowMs - atMs < ms ? sum + usd : sum), 0)

  test('it is never less than was spent within the hour, and never more than within an hour and a minute', () => {
    fc.assert(
      fc.property(payments, fc.nat(2 * HOUR_MS), (payments, laterMs) => {
        const { spend, all, nowMs } = paid(payments)
        const usd = lastHourUsd(spend, nowMs + laterMs)
        expect(usd).toBeGreaterThanOrEqual(within(all, nowMs + laterMs, HOUR_MS) - 1e-9)
        expect(usd).toBeLessThanOrEqual(within(all, nowMs + laterMs, HOUR_MS + MINUTE_MS) + 1e-9)
      }),
    )
  })

  test('memory is bounded: an hour of minutes, and one', () => {
    const often = Array.from({ length: 10_000 }, () => ({ afterMs: 5_000, cents: 1 }))
    expect(paid(often).spend.buckets.length).toBe(61)
  })
})
