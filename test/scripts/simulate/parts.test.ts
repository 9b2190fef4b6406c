import { describe, expect, test } from '@jest/globals'
import { Agenda } from '../../../scripts/simulate/model/agenda'
import { Arrivals } from '../../../scripts/simulate/model/arrivals'
import { Delays } from '../../../scripts/simulate/model/delays'
import { demandOf } from '../../../scripts/simulate/model/demand'
import { Fifo } from '../../../scripts/simulate/model/fifo'
import { curveOf } from './fixture'

describe('the agenda', () => {
  test('does things by their time, and at the same time in the order of their entry', () => {
    const agenda = new Agenda()
    const done: string[] = []
    for (const [atMs, name] of [
      [5, 'c'],
      [1, 'a'],
      [5, 'd'],
      [3, 'b'],
    ] as const)
      agenda.at(atMs, () => done.push(name))
    agenda.at(1, () => agenda.after(1, () => done.push('a+1')))
    while (agenda.step());
    expect(done).toEqual(['a', 'a+1', 'b', 'c', 'd'])
    expect(agenda.nowMs).toBe(5)
  })
})

describe('a queue with two ends', () => {
  test('gives what came first at the front and what came last at the back', () => {
    const fifo = new Fifo<number>()
    for (let n = 0; n < 5_000; n++) fifo.push(n)
    for (let n = 0; n < 3_000; n++) expect(fifo.shift()).toBe(n)
    expect([fifo.length, fifo.last, fifo.pop(), fifo.shift()]).toEqual([2_000, 4_999, 4_999, 3_000])
  })
})

describe('arrivals', () => {
  test('event n has come by its time, and not before', () => {
    const arrivals = new Arrivals(curveOf(10, [7, 0, 123, 1]))
    expect(arrivals.total).toBe(1_310)
    for (let n = 0; n < arrivals.total; n++) {
      const atMs = arrivals.timeOf(n)
      expect(arrivals.dueAt(atMs + 1e-6)).toBe(n + 1)
      expect(arrivals.dueAt(atMs - 1e-6)).toBe(n)
    }
    expect(arrivals.rateAt(25_000)).toEqual({ perSecond: 123, untilMs: 30_000 })
  })
})

describe('delays', () => {
  test('quantiles of evenly spread delays are right to half a percent', () => {
    const delays = new Delays(1_000)
    delays.add(4_000, 0, 2_000)
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      expect(Math.abs(delays.quantile(share) - 2_000 * share)).toBeLessThan(10 * share)
    }
    expect([delays.max, delays.events, delays.over]).toEqual([2_000, 4_000, 2_000])
  })

  test('what has come since a copy can be added again', () => {
    const delays = new Delays(1_000)
    delays.add(10, 5, 5)
    const before = delays.copy()
    delays.add(10, 3_000, 3_000)
    delays.repeat(before, 9)
    expect([delays.events, delays.over]).toEqual([110, 100])
    expect(delays.quantile(0.05)).toBeLessThan(6)
    expect(Math.abs(delays.quantile(0.5) - 3_000)).toBeLessThan(15)
  })
})

describe('what a trace asks', () => {
  test('an overload lasts from the first excess until the queue is gone, and leaves the target its queue', () => {
    const demand = demandOf(curveOf(10, [500, 3_000, 500, 1_050, 500]), 10_000, 1_000, 1_000, 900)
    expect(demand.peakRate).toBe(3_000)
    expect(demand.leastOverflow).toBe(19_000)
    expect(demand.overloads).toEqual([{ startMs: 10_000, endMs: 30_000 }])
    expect(demand.plan.shares[1]).toBeCloseTo(19_100 / 30_000, 6)
  })
})
