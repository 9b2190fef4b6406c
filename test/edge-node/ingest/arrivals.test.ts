import { expect, test } from '@jest/globals'
import { Arrivals } from '../../../edge-node/ingest/arrivals'

test('a delay runs from the scheduled send to the count, for each event of the envelope', () => {
  const arrivals = new Arrivals(100)
  arrivals.accepted(3, 1_000, null)
  arrivals.accepted(4, 1_400, null)
  arrivals.cutEnvelope(0, 0, 4)
  arrivals.counted(0, 1_500)
  expect(arrivals.delays()).toMatchObject({ p50: 500, p99: 500, max: 500 })
})

test('events of one request may go to several envelopes, and several requests to one', () => {
  const arrivals = new Arrivals(100)
  arrivals.accepted(10, 0, null)
  arrivals.accepted(20, 100, null)
  arrivals.cutEnvelope(0, 0, 1)
  arrivals.cutEnvelope(1, 1, 18)
  arrivals.cutEnvelope(2, 19, 1)
  arrivals.counted(2, 150) // 1 event after 50 ms
  expect(arrivals.delays()).toMatchObject({ p50: 50, p99: 50, max: 50 })
  arrivals.counted(1, 200) // 9 events after 200 ms, 9 after 100
  expect(arrivals.delays()).toMatchObject({ p50: 100, p99: 200, max: 200 })
  arrivals.counted(0, 300) // 1 event after 300 ms
  expect(arrivals.delays().max).toBe(300)
})

test('delays count from the schedule, and the arrival of an envelope is when the first of its events came', () => {
  const arrivals = new Arrivals(100)
  arrivals.accepted(5, 140, 100)
  arrivals.accepted(6, 150, null)
  expect(arrivals.cutEnvelope(0, 0, 3)).toBe(140)
  expect(arrivals.cutEnvelope(1, 3, 3)).toBe(140)
  expect(arrivals.cutEnvelope(2, 6, 1)).toBeNull()
  arrivals.counted(0, 200)
  expect(arrivals.delays().max).toBe(100)
})

test('many requests of the same time are recorded as one, and the buckets count their events', () => {
  const arrivals = new Arrivals(100)
  for (let offset = 1; offset <= 1_000; offset++) arrivals.accepted(offset, 100, null)
  arrivals.cutEnvelope(0, 0, 1_000)
  arrivals.counted(0, 130)
  const { bounds, upTo, count, sum } = arrivals.bucketCounts()
  expect([count, Math.round(sum), upTo[bounds.indexOf(0.025)], upTo[bounds.indexOf(0.05)]]).toEqual([
    1_000, 30, 0, 1_000,
  ])
})

test.each([
  ['a request of which nothing was accepted', 0],
  ['one that was the first after a start that found events in the log', 5],
])('%s takes no part', (_, offset) => {
  const arrivals = new Arrivals(100)
  arrivals.accepted(offset, 50, null)
  arrivals.accepted(offset + 1, 100, null)
  arrivals.cutEnvelope(0, offset, 1)
  arrivals.counted(0, 110)
  expect(arrivals.delays().max).toBe(10)
})

test('an envelope counts once, and one whose requests came before the start is not measured', () => {
  const arrivals = new Arrivals(100)
  arrivals.cutEnvelope(0, 0, 5)
  arrivals.counted(0, 1_000)
  arrivals.accepted(6, 1_000, null)
  arrivals.cutEnvelope(1, 5, 1)
  arrivals.counted(1, 1_020)
  arrivals.counted(1, 9_000)
  expect(arrivals.delays()).toMatchObject({ p50: 20, p99: 20, max: 20 })
})

test('as soon as clients state a schedule, the percentiles are of those; the buckets are of all', () => {
  const arrivals = new Arrivals(100)
  arrivals.accepted(1, 0, null)
  arrivals.cutEnvelope(0, 0, 1)
  arrivals.counted(0, 500)
  expect(arrivals.delays()).toEqual({ p50: 500, p99: 500, max: 500, events: 1, overTarget: 1 })
  arrivals.accepted(3, 1_000, 960)
  arrivals.cutEnvelope(1, 1, 1)
  arrivals.cutEnvelope(2, 2, 1)
  arrivals.counted(1, 1_010)
  arrivals.counted(2, 1_090)
  expect(arrivals.delays()).toEqual({ p50: 50, p99: 130, max: 130, events: 2, overTarget: 0.5 })
  expect(arrivals.bucketCounts().count).toBe(3)
})
