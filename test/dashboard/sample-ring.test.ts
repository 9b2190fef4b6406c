import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SampleRing } from '../../dashboard/src/plots/sample-ring'

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
