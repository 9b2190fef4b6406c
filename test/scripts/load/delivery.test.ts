import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Answer } from '../../../scripts/load/delivery/answer'
import { type Delivery, type Outcome, orderedDelivery, retryDelayMs } from '../../../scripts/load/delivery/delivery'
import { jumpingClock } from './load-fixtures'

const taken: Answer = { kind: 'taken', accepted: 1, late: 0, partlyLate: 0, horizon: null, rejected: [] }
const refused: Answer = { kind: 'refused', status: 429, reason: 'full', retryAfterMs: 5 }

const shipment = (number: number) => ({
  batch: { number, first: number, times: Float64Array.of(number) },
  lines: ['{}'],
  request: { idempotencyKey: `k-${number}`, scheduledAtMs: 0, body: Buffer.from('{}\n') },
})

/** Sends `count` shipments; `post` decides each answer. Records what was posted and how each ended. */
async function deliverAll(
  count: number,
  connections: number,
  post: (number: number, attempt: number) => Promise<Answer>,
) {
  const posted: number[] = []
  const outcomes = new Map<number, Outcome>()
  const abandon = new AbortController()
  const delivery: Delivery = orderedDelivery({
    connections,
    clock: jumpingClock(),
    stop: abandon.signal,
    abandon: abandon.signal,
    jitter: () => 0.5,
    post({ idempotencyKey }) {
      const number = Number(idempotencyKey.slice(2))
      posted.push(number)
      return post(number, posted.filter((other) => other === number).length - 1)
    },
    onRefused() {},
    onRetry() {},
    async onOutcome({ batch }, outcome) {
      outcomes.set(batch.number, outcome)
    },
  })
  const sending = (async () => {
    for (let number = 0; number < count; number++) {
      await delivery.room()
      if (abandon.signal.aborted) break
      delivery.launch(shipment(number))
    }
    await delivery.drained()
  })()
  return { posted, outcomes, abandon, sending }
}

describe('delivery', () => {
  test('sends in order and never more at once than there are connections', async () => {
    let inFlight = 0
    let most = 0
    const { posted, sending } = await deliverAll(50, 4, async () => {
      most = Math.max(most, ++inFlight)
      await setImmediate()
      inFlight--
      return taken
    })
    await sending
    expect(posted).toEqual(Array.from({ length: 50 }, (_, number) => number))
    expect(most).toBe(4)
  })

  test('never sends a batch while an older one stands refused, for any answers in any order', async () => {
    const fates = fc.array(fc.record({ refusals: fc.nat(3), ticks: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 25,
    })
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 8 }), async (plan, connections) => {
        const standing = new Set<number>()
        const overtaken: number[] = []
        const { posted, outcomes, sending } = await deliverAll(plan.length, connections, async (number, attempt) => {
          if ([...standing].some((older) => older < number)) overtaken.push(number)
          standing.delete(number)
          for (let tick = 0; tick < plan[number]!.ticks; tick++) await setImmediate()
          if (attempt >= plan[number]!.refusals) return taken
          standing.add(number)
          return refused
        })
        await sending
        expect(overtaken).toEqual([])
        expect(outcomes.size).toBe(plan.length)
        expect(posted.length).toBe(plan.reduce((sum, { refusals }) => sum + refusals + 1, 0))
      }),
      { numRuns: 60 },
    )
  })

  test('goes on after a batch that failed for good', async () => {
    const { posted, outcomes, sending } = await deliverAll(3, 1, async (number) =>
      number === 1 ? { kind: 'failed', reason: '400' } : taken,
    )
    await sending
    expect(posted).toEqual([0, 1, 2])
    expect(outcomes.get(1)).toEqual({ kind: 'failed', reason: '400' })
  })

  test('leaves what is still refused unanswered when it is abandoned', async () => {
    const { outcomes, abandon, sending } = await deliverAll(5, 2, async (number) => (number === 0 ? refused : taken))
    for (let tick = 0; tick < 20; tick++) await setImmediate()
    abandon.abort()
    await sending
    expect(outcomes.get(0)).toEqual({ kind: 'unanswered' })
    expect(outcomes.has(4)).toBe(false)
  })

  test('throws what went wrong in posting', async () => {
    const { sending } = await deliverAll(5, 2, async () => {
      throw new TypeError('a bug')
    })
    await expect(sending).rejects.toThrow('a bug')
  })
})

describe('the delay before a retry', () => {
  const units = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('is at least what the server asked for, and at most a quarter more', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(60_000), units, (attempt, retryAfterMs, unit) => {
        const delayMs = retryDelayMs(attempt, retryAfterMs, unit)
        expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs)
        expect(delayMs).toBeLessThanOrEqual(retryAfterMs * 1.25)
      }),
    )
  })

  test('else doubles up to 2 s, half of it jitter', () => {
    expect([0, 1, 2, 10, 5000].map((attempt) => retryDelayMs(attempt, null, 0))).toEqual([25, 50, 100, 1000, 1000])
    expect(retryDelayMs(10, null, 0.999)).toBeCloseTo(2000, -1)
  })
})
