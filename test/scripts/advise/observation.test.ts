import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Look, observe, sum, traceOf } from '../../../scripts/advise/observation'
import { parseTrace } from '../../../scripts/load/schedule/trace'

const look = (second: number, taken: number, more: Partial<Look> = {}): Look => ({
  ...{ atMs: 1_000_000 + second * 1000, taken, waiting: 0, busy: [], restarts: 0 },
  ...more,
})

const rounded = (values: readonly number[]) => values.map((value) => Math.round(value))

describe('what came', () => {
  test('is what was taken and by how much more waits', () => {
    const looks = [look(0, 100), look(1, 200), look(2, 300, { waiting: 400 }), look(3, 400, { waiting: 300 })]
    const seen = observe(looks)!
    expect(rounded(seen.arrived)).toEqual([100, 500, 0])
    expect(rounded(seen.taken)).toEqual([100, 100, 100])
    expect(seen.waiting).toEqual([0, 400, 300])
  })

  test('is in all what the counters grew by, however often one looks', () => {
    const steps = fc.record({
      seconds: fc.integer({ min: 1, max: 9 }),
      taken: fc.integer({ min: 1, max: 10_000 }),
      more: fc.integer({ min: 0, max: 1_000 }),
    })
    fc.assert(
      fc.property(fc.array(steps, { minLength: 30, maxLength: 80 }), (all) => {
        const looks = [look(0, 0)]
        for (const { seconds, taken, more } of all) {
          const last = looks.at(-1)!
          const waiting = last.waiting! + more
          looks.push({ ...last, atMs: last.atMs + seconds * 1000, taken: last.taken + taken, waiting })
        }
        const seen = observe(looks)!
        const { taken, waiting } = looks.at(-1)!
        // What came after the last whole bin is left out.
        expect(sum(seen.arrived)).toBeLessThanOrEqual(taken + waiting! + 1e-6)
        expect(sum(seen.arrived)).toBeGreaterThan((taken + waiting!) / 3)
        expect(Math.min(...seen.arrived)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('is even where a cluster renews its figures only now and then: no bin is empty and none is double', () => {
    const looks = Array.from({ length: 61 }, (_, second) => look(second, Math.floor(second / 10) * 1_000))
    const seen = observe(looks)!
    expect(seen.binSeconds).toBe(10)
    expect(rounded(seen.arrived)).toEqual([1000, 1000, 1000, 1000, 1000, 1000])
  })

  test('is nothing while nothing came, and is not spread over that time', () => {
    const busy = Array.from({ length: 10 }, (_, second) => look(second, second * 100))
    const seen = observe([...busy, look(59, 900), look(60, 1_000), look(61, 1_100)])!
    expect(rounded(seen.arrived.slice(10, 58)).every((events) => events === 0)).toBe(true)
    expect(Math.round(sum(seen.arrived))).toBe(1_100)
  })

  test('goes on over a restart as before it: the counters begin again, and nothing tells', () => {
    const looks = [0, 100, 200, 300].map((taken, second) => look(second, taken))
    const after = [50, 150, 250].map((taken, index) => look(4 + index, taken, { restarts: 1, waiting: 1_000 }))
    const seen = observe([...looks, ...after])!
    expect(rounded(seen.arrived)).toEqual([100, 100, 100, 100, 100, 100])
    expect(seen.isGap).toEqual([false, false, false, true, false, false])
  })

  test('does not begin with all that waits when that becomes known', () => {
    const looks = [look(0, 0, { waiting: null }), look(1, 10, { waiting: null }), look(2, 20, { waiting: 5_000 })]
    const seen = observe([...looks, look(3, 30, { waiting: 5_000 })])!
    expect(rounded(seen.arrived)).toEqual([10, 10, 10])
    expect(seen.waiting).toEqual([null, 5_000, 5_000])
  })
})

test('busy is the busiest part, over all of its subtasks', () => {
  const busy = (ms: number) => [
    { part: 'map', ms, subtasks: 2 },
    { part: 'sink', ms: ms / 10, subtasks: 1 },
  ]
  const seen = observe([0, 1, 2].map((second) => look(second, second, { busy: busy(second * 1_500) })))!
  expect(seen.busy).toEqual([0.75, 0.75])
})

test('one look, or a job that takes nothing, is no observation', () => {
  expect(observe([look(0, 5)])).toBeNull()
  expect(observe([look(0, 5), look(1, 5), look(2, 5)])).toBeNull()
})

test('the trace is one that the simulator takes', () => {
  const seen = observe([0, 1, 2, 3].map((second) => look(second, second * second * 10)))!
  const { times, counts } = parseTrace(traceOf(seen), 'seen')
  expect([times.at(-1), counts.at(-1)]).toEqual([3, 90])
})
