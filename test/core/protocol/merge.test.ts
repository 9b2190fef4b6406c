import { serialize } from 'node:v8'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addEvent, eventHasher } from '../../../core/protocol/hash-sum'
import { mergeWindow } from '../../../core/protocol/merge'
import { encodeTally, type Partial, type Tally, zeroTally } from '../../../core/protocol/partial'
import { everyAggregate, partialOf, plain, someOfOnePane, type TestEvent } from './folded'

const spec = everyAggregate()
const WINDOW = { startMs: 0, endMs: 10 }

/** The tally of the events from one offset up to another. */
function accepted(from: number, to: number): Tally {
  const tally = { ...zeroTally(), count: to - from }
  for (let offset = from; offset < to; offset++) addEvent(tally.sum, eventHasher('test'), offset)
  return tally
}

const event = (k: string, v: unknown): TestEvent => ({ k, t: 0, v })
const merge = (tally: Tally, edge: Partial[], burst: Partial[]) => mergeWindow(spec, WINDOW, tally, edge, burst)

describe('a window that balances', () => {
  test('has its rows, and says how many events each side folded', async () => {
    const edge = await partialOf([event('b', 1), event('a', 2), event('a', 'bad')], 0)
    const burst = [await partialOf([event('a', 3)], 3), await partialOf([event('c', null), event('b', 5)], 4)]
    const result = merge(accepted(0, 6), [edge], burst)
    expect(result).toMatchObject({
      ...WINDOW,
      accepted: encodeTally(accepted(0, 6)),
      edge: 2,
      burst: 2,
      deadLettered: 2,
      rows: [
        { key: 'a', n: 2, total: 5, average: 2.5, low: 2, high: 3, values: 2 },
        { key: 'b', n: 2, total: 6, average: 3, low: 1, high: 5, values: 2 },
      ],
    })
  })

  test('may consist of dead letters alone, and has no rows then', async () => {
    const result = merge(accepted(0, 1), [], [await partialOf([event('a', null)], 0)])
    expect(result).toMatchObject({ edge: 0, burst: 0, deadLettered: 1, rows: [] })
  })

  test('has the same rows wherever its parts were folded, and leaves the parts as they are', async () => {
    await fc.assert(
      fc.asyncProperty(someOfOnePane, someOfOnePane, someOfOnePane, async (x, y, z) => {
        const [a, b] = [x.length, x.length + y.length]
        const parts = [await partialOf(x, 0), await partialOf(y, a), await partialOf(z, b)] as const
        const before = serialize(parts.map(plain))
        const tally = accepted(0, b + z.length)
        const edgeOnly = merge(tally, [...parts], [])
        for (const [edge, burst] of [
          [[], [...parts]],
          [[parts[1]], [parts[2], parts[0]]],
        ] as const) {
          const result = merge(tally, [...edge], [...burst])
          expect('rows' in result && result.edge + result.burst + result.deadLettered).toBe(tally.count)
          expect(JSON.stringify({ ...result, edge: 0, burst: 0 })).toBe(
            JSON.stringify({ ...edgeOnly, edge: 0, burst: 0 }),
          )
        }
        expect(serialize(parts.map(plain)).equals(before)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a window that does not balance is no result, and says what was expected and what was found', () => {
  const unbalanced = (expected: Tally, found: Tally) => ({ expected: encodeTally(expected), found: encodeTally(found) })
  const one = event('a', 1)

  test('with an event missing', async () => {
    expect(merge(accepted(0, 3), [await partialOf([one, one], 0)], [])).toEqual(
      unbalanced(accepted(0, 3), accepted(0, 2)),
    )
  })

  test('with nothing at all where something was accepted', () => {
    expect(merge(accepted(0, 1), [], [])).toEqual(unbalanced(accepted(0, 1), zeroTally()))
  })

  test('with an envelope counted on both sides', async () => {
    const part = await partialOf([one, one], 0)
    expect(merge(accepted(0, 2), [part], [part])).toMatchObject({ found: [4, expect.any(String)] })
  })

  test('with the right count, but one event twice and another never', async () => {
    const result = merge(accepted(0, 2), [await partialOf([one], 0)], [await partialOf([one], 0)])
    expect(result).toMatchObject({ expected: [2, expect.any(String)], found: [2, expect.any(String)] })
    expect(result).not.toHaveProperty('rows')
  })

  test('with the right count of dead letters, but of other events', async () => {
    const dead = event('a', null)
    const result = merge(accepted(0, 2), [await partialOf([dead], 0)], [await partialOf([dead], 7)])
    expect(result).toMatchObject({ found: [2, expect.any(String)] })
    expect(result).not.toHaveProperty('rows')
  })

  test('with the events of another log', async () => {
    const foreign = { ...accepted(0, 1), sum: { hi: 1, lo: 2 } }
    expect(merge(foreign, [await partialOf([one], 0)], [])).toEqual(unbalanced(foreign, accepted(0, 1)))
  })
})
