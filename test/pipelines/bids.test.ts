import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import bids from '../../pipelines/bids'
import { bids as oracle } from '../../scripts/verify/pipelines/named'
import { bothWays, results } from './results'

const AT = '2023-11-16T18:17:03.5Z'
const START_MS = Date.UTC(2023, 10, 16, 18, 17)
const bid = { auction: 1000, bidder: 1, price: 100, dateTime: AT }
/** 0.5 + (murmur3('42:1000') mod 1000) / 1000, computed apart from this repository. */
const RATE_OF_1000 = 1.486

describe('bids', () => {
  test('come to the results that are worked out by hand', async () => {
    const refused = [
      { ...bid, price: 0 },
      { ...bid, price: -3 },
      { ...bid, price: '9' },
      { ...bid, price: undefined },
    ]
    const later = { ...bid, dateTime: START_MS + 10_000, price: 2 }
    const events = [
      bid,
      { ...bid, auction: '1000', bidder: 2, price: 300 },
      ...refused,
      { ...bid, bidder: '1', price: 100 },
      later,
    ]
    const [first, second, ...others] = await results(bids, events)
    expect(first).toMatchObject({ startMs: START_MS, endMs: START_MS + 10_000, deadLettered: 4, edge: 3 })
    expect(first!.accepted[0]).toBe(7)
    const revenue = 100 * RATE_OF_1000 + 300 * RATE_OF_1000 + 100 * RATE_OF_1000
    expect(first!.rows).toEqual([
      {
        ...{ key: '1000', bids: 3, low: 148.6, top: 445.8, p99: 445, bidders: 3 },
        ...{ revenue: expect.closeTo(revenue, 10), average: expect.closeTo(revenue / 3, 10) },
      },
    ])
    expect(second!.rows).toMatchObject([{ key: '1000', bids: 1, revenue: 2 * RATE_OF_1000 }])
    expect(others).toEqual([])
  })

  test('agree with the oracle to the bit', async () => {
    const event = fc.record({
      auction: fc.constantFrom<unknown>(1000, '1000', 1, 2, 'ü', '', 1e21),
      bidder: fc.oneof(fc.nat(5), fc.constantFrom<unknown>('1', 'b')),
      price: fc.oneof(
        { weight: 5, arbitrary: fc.double({ min: 0, max: 1e9, noNaN: true }) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(-1, '1', null, 1e300, 5e-324) },
      ),
      dateTime: fc.oneof(fc.integer({ min: START_MS, max: START_MS + 30_000 }), fc.constant(AT)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
        const both = await bothWays(bids, oracle, events)
        expect(both.product).toEqual(both.oracle)
      }),
      { numRuns: 40 },
    )
  })

  test('dead-letter a price beyond every double, as the oracle does', async () => {
    const line = JSON.stringify({ ...bid, price: 0 }).replace('"price":0', '"price":1e400')
    const both = await bothWays(bids, oracle, [line, bid])
    expect(both.product).toMatchObject([{ accepted: 2, deadLettered: 1, rows: [{ bids: 1 }] }])
    expect(both.product).toEqual(both.oracle)
  })

  test.each([
    ['without an auction', { bidder: 1, price: 1, dateTime: AT }],
    ['without a bidder', { auction: 1, price: 1, dateTime: AT }],
    ['without a time', { auction: 1, bidder: 1, price: 1 }],
    ['with a list for an auction', { ...bid, auction: [1] }],
  ])('%s are not taken', async (_, event) => {
    expect(await results(bids, [event])).toEqual([])
  })
})
