import { expect, test } from '@jest/globals'
import { Arrivals } from '../../edge-node/arrivals'

test('a delay runs from the scheduled send to the count, for each event of the envelope', () => {
  const arrivals = new Arrivals()
  arrivals.accepted(3, 1_000)
  arrivals.accepted(4, 1_400)
  arrivals.cutEnvelope(0, 0, 4)
  arrivals.counted(0, 1_500)
  expect(arrivals.percentiles()).toEqual({ p50: 500, p99: 500, max: 500 })
})

test('events of one request may go to several envelopes, and several requests to one', () => {
  const arrivals = new Arrivals()
  arrivals.accepted(10, 0)
  arrivals.accepted(20, 100)
  arrivals.cutEnvelope(0, 0, 1)
  arrivals.cutEnvelope(1, 1, 18)
  arrivals.cutEnvelope(2, 19, 1)
  arrivals.counted(2, 150) // 1 event after 50 ms
  expect(arrivals.percentiles()).toEqual({ p50: 50, p99: 50, max: 50 })
  arrivals.counted(1, 200) // 9 events after 200 ms, 9 after 100
  expect(arrivals.percentiles()).toEqual({ p50: 100, p99: 200, max: 200 })
  arrivals.counted(0, 300) // 1 event after 300 ms
  expect(arrivals.percentiles().max).toBe(300)
})

test('requests that state no schedule are not measured and shift nobody else', () => {
  const arrivals = new Arrivals()
  arrivals.accepted(5, null)
  arrivals.accepted(6, 100)
  arrivals.cutEnvelope(0, 0, 5)
  arrivals.cutEnvelope(1, 5, 1)
  arrivals.counted(0, 10_000)
  expect(arrivals.percentiles().max).toBe(0)
  arrivals.counted(1, 130)
  expect(arrivals.percentiles()).toEqual({ p50: 30, p99: 30, max: 30 })
})

test('a request of which nothing was accepted takes no part', () => {
  const arrivals = new Arrivals()
  arrivals.accepted(0, 50)
  arrivals.accepted(1, 100)
  arrivals.cutEnvelope(0, 0, 1)
  arrivals.counted(0, 110)
  expect(arrivals.percentiles().max).toBe(10)
})

test('nor does one that was the first after a start that found events in the log', () => {
  const arrivals = new Arrivals()
  arrivals.accepted(5, 50)
  arrivals.accepted(6, 100)
  arrivals.cutEnvelope(0, 5, 1)
  arrivals.counted(0, 110)
  expect(arrivals.percentiles().max).toBe(10)
})

test('an envelope counts once, and one whose requests came before the start is not measured', () => {
  const arrivals = new Arrivals()
  arrivals.cutEnvelope(0, 0, 5)
  arrivals.counted(0, 1_000)
  arrivals.accepted(6, 1_000)
  arrivals.cutEnvelope(1, 5, 1)
  arrivals.counted(1, 1_020)
  arrivals.counted(1, 9_000)
  expect(arrivals.percentiles()).toEqual({ p50: 20, p99: 20, max: 20 })
})
