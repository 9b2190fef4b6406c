import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  addTally,
  decodeGroups,
  decodeTally,
  type EncodedGroup,
  emptyPartial,
  encodeGroups,
  encodeTally,
  mergePartial,
  type Partial,
  presentRows,
  tallyEquals,
} from '../../../core/protocol/partial'
import { everyAggregate, partialOf, plain, someOfOnePane } from './folded'

const spec = everyAggregate()
const merged = (...parts: Partial[]) => parts.reduce(mergePartial, emptyPartial(spec))
const decoded = (...encoded: EncodedGroup[][]): Partial => {
  const partial = emptyPartial(spec)
  for (const groups of encoded) decodeGroups(spec, partial, groups)
  return partial
}
const throughJson = (partial: Partial): EncodedGroup[] => JSON.parse(JSON.stringify(encodeGroups(spec, partial)))

describe('groups on the wire', () => {
  test('come back from JSON text as they were, and go on exactly as before', async () => {
    await fc.assert(
      fc.asyncProperty(someOfOnePane, someOfOnePane, async (x, y) => {
        const partial = await partialOf(x, 0)
        const more = await partialOf(y, 100)
        const copy = decoded(throughJson(partial))
        expect(plain(copy).groups).toEqual(plain(partial).groups)
        expect(plain(merged(copy, more)).groups).toEqual(plain(merged(partial, more)).groups)
        expect(presentRows(spec, copy)).toEqual(presentRows(spec, partial))
      }),
    )
  })

  test('add to the groups that are there, and share no state with them', async () => {
    await fc.assert(
      fc.asyncProperty(someOfOnePane, someOfOnePane, async (x, y) => {
        const wire = throughJson(await partialOf(y, 100))
        const before = JSON.stringify(wire)
        const joined = decoded(throughJson(await partialOf(x, 0)), wire)
        expect(plain(joined).groups).toEqual(plain(merged(await partialOf(x, 0), await partialOf(y, 100))).groups)
        expect(JSON.stringify(wire)).toBe(before)
      }),
    )
  })

  test.each([
    ['too few', ['a', 1], 'group "a" has 1 states'],
    ['no', ['a'], 'group "a" has 0 states'],
    ['too many', ['a', 1, [], [0], null, null, [], [], 0], 'group "a" has 8 states'],
  ] as [string, EncodedGroup, string][])('with %s states are refused', (_, group, message) => {
    expect(() => decodeGroups(spec, emptyPartial(spec), [group])).toThrow(new RangeError(message))
  })

  test('with a state that no aggregate made are refused, by the name of the aggregate', async () => {
    const [[key, , ...states]] = throughJson(await partialOf([{ k: 'a', t: 0, v: 1 }], 0)) as [EncodedGroup]
    expect(() => decoded([[key, -1, ...states]])).toThrow('state of count(): a count expected, got -1')
  })
})

describe('merging partials', () => {
  test('changes only what it merges into, also later', async () => {
    await fc.assert(
      fc.asyncProperty(someOfOnePane, someOfOnePane, someOfOnePane, async (x, y, z) => {
        const from = await partialOf(y, 100)
        const before = plain(from)
        const into = mergePartial(await partialOf(x, 0), from)
        mergePartial(mergePartial(into, await partialOf(z, 200)), from)
        expect(plain(from)).toEqual(before)
      }),
    )
  })

  test('gives the same in any order and any grouping, tallies included', async () => {
    await fc.assert(
      fc.asyncProperty(someOfOnePane, someOfOnePane, someOfOnePane, async (x, y, z) => {
        const [a, b, c] = [await partialOf(x, 0), await partialOf(y, 100), await partialOf(z, 200)]
        const expected = plain(merged(a, b, c))
        expect(plain(merged(c, a, b))).toEqual(expected)
        expect(plain(merged(a, merged(b, c)))).toEqual(expected)
        expect(plain(merged(merged(), a, b, merged(), c))).toEqual(expected)
      }),
    )
  })

  test('adds up the tallies of what was folded and what was not', async () => {
    const [a, b] = [
      await partialOf(
        [
          { k: 'a', t: 0, v: 1 },
          { t: 0, v: 1 },
        ],
        0,
      ),
      await partialOf([{ t: 0, v: 1 }], 2),
    ]
    const { folded, dead } = merged(a, b)
    expect([folded.count, dead.count]).toEqual([1, 2])
    addTally(a.dead, b.dead)
    expect(tallyEquals(dead, a.dead)).toBe(true)
    expect(tallyEquals(dead, folded)).toBe(false)
    expect(decodeTally(encodeTally(dead))).toEqual(dead)
  })
})

describe('rows', () => {
  test('are ordered by key in UTF-16 code units, and have every aggregate by its name', () => {
    const partial = emptyPartial(spec)
    for (const key of ['b', 'é', '\u{1f600}', 'a', '', 'B', '\uffff', '10', '9', '__proto__']) partial.groups.rowOf(key)
    const rows = presentRows(spec, partial)
    expect(rows.map(({ key }) => key)).toEqual(['', '10', '9', 'B', '__proto__', 'a', 'b', 'é', '\u{1f600}', '\uffff'])
    for (const row of rows) expect(Object.keys(row)).toEqual(['key', ...spec.columns.map(([name]) => name)])
  })
})
