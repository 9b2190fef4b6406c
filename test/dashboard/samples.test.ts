import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { meanLatencyMs, paceOf } from '../../dashboard/src/pace'
import { SampleRing } from '../../dashboard/src/plots/sample-ring'
import { Samples } from '../../dashboard/src/plots/samples'
import { SAMPLE_FIELDS, type Sample, type SampleField } from '../../edge-node/observe/feed'

const FROM_MS = 1_700_000_000_000
const sample = (atMs: number, values: Partial<Record<SampleField, number>>): Sample =>
  SAMPLE_FIELDS.map((field) => (field === 'atMs' ? FROM_MS + atMs : (values[field] ?? 0)))

/** Samples every 100 ms of a node that takes `rate` events a second, of which the edge folds a quarter. */
function steady(seconds: number, rate: number): Samples {
  const samples = new Samples()
  samples.setFields(SAMPLE_FIELDS)
  for (let atMs = 0; atMs <= seconds * 1_000; atMs += 100) {
    const accepted = (rate * atMs) / 1_000
    samples.add(
      sample(atMs, { accepted, edge: accepted / 4, burst: (accepted * 3) / 4, usd: atMs / 1e6, inFlightEvents: 300 }),
    )
  }
  return samples
}

describe('the samples', () => {
  test('give rates from the differences of counters, edge and burst stacked', () => {
    const samples = steady(5, 1_000)
    expect(samples.now('arrivals')).toBeCloseTo(1_000)
    expect(samples.now('edgeRate')).toBeCloseTo(250)
    expect(samples.now('bothRates')).toBeCloseTo(1_000)
  })

  test('are kept by the tenth for a minute and by the second for an hour', () => {
    const samples = steady(90, 10)
    expect([samples.recent.length, samples.seconds.length]).toEqual([600, 91])
  })

  test('a counter that begins anew is no negative rate', () => {
    const samples = steady(2, 1_000)
    samples.add(sample(2_100, { accepted: 0 }))
    expect(samples.now('arrivals')).toBe(0)
  })

  test('a sample that is not newer is passed over', () => {
    const samples = steady(2, 1_000)
    samples.add(sample(1_000, { accepted: 1 }))
    expect(samples.now('atMs')).toBe(FROM_MS + 2_000)
  })

  test('what the node remembers takes the place of what there was', () => {
    const samples = steady(2, 1_000)
    samples.load({ fields: SAMPLE_FIELDS, seconds: [sample(0, {}), sample(1_000, { accepted: 7 })], recent: [] })
    expect([samples.seconds.length, samples.recent.length]).toEqual([2, 0])
    expect(samples.seconds.back('arrivals', 0)).toBe(7)
  })

  test('money is told by the hour', () => {
    expect(paceOf(steady(90, 100)).spentLatelyUsdPerHour).toBeCloseTo(3.6)
  })

  test('events that wait while none is counted are stuck, and those that are worked on are not', () => {
    const backlog = (edge: (atMs: number) => number) => {
      const samples = steady(0, 0)
      for (let atMs = 100; atMs < 9_000; atMs += 100) samples.add(sample(atMs, { backlogEvents: 5, edge: edge(atMs) }))
      return paceOf(samples).isStuck
    }
    expect([backlog(() => 7), backlog((atMs) => atMs)]).toEqual([true, false])
    expect(paceOf(steady(9, 100)).isStuck).toBe(false)
  })

  test('what is in flight, over what comes back, is the time that it takes', () => {
    expect(meanLatencyMs(steady(20, 400))).toBeCloseTo(1_000)
    expect(meanLatencyMs(steady(20, 0))).toBeNull()
  })
})

describe('the memory of samples', () => {
  const ringOf = (values: readonly number[], capacity: number) => {
    const ring = new SampleRing(['at', 'twice'], capacity)
    for (const at of values) ring.push({ at, twice: at * 2 })
    return ring
  }

  describe('a ring of samples', () => {
    test('has the newest values of each column side by side, oldest first', () => {
      fc.assert(
        fc.property(fc.array(fc.double({ noNaN: true })), fc.integer({ min: 1, max: 12 }), (values, capacity) => {
          const ring = ringOf(values, capacity)
          const kept = values.slice(-capacity)
          expect([...ring.view('at')]).toEqual(kept)
          expect([...ring.view('twice')]).toEqual(kept.map((value) => value * 2))
          for (let n = 0; n <= kept.length; n++) expect([...ring.view('at', n)]).toEqual(n === 0 ? [] : kept.slice(-n))
        }),
      )
    })

    test('tells a value by its age, and 0 for what is older than all it has', () => {
      const ring = ringOf([1, 2, 3, 4], 3)
      expect([0, 1, 2, 3].map((age) => ring.back('at', age))).toEqual([4, 3, 2, 0])
    })

    test('takes no more memory with time: a view is a part of the same array for ever', () => {
      const ring = ringOf([], 10)
      const { buffer } = ring.view('at')
      for (let at = 0; at < 36_000; at++) ring.push({ at, twice: 0 })
      expect(ring.view('at').buffer).toBe(buffer)
      expect(buffer.byteLength).toBe(10 * 2 * 8)
    })

    test('begins anew', () => {
      const ring = ringOf([1, 2, 3], 2)
      ring.clear()
      expect([ring.length, ring.view('at').length]).toEqual([0, 0])
    })
  })
})
