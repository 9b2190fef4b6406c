import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chunkKey, edgePartition, envelopePartition, HEAD, type Origin, resultPartition } from '../../cloud/keys'

const part = fc.string({ unit: fc.constantFrom(...'abc019-'), minLength: 1, maxLength: 4 })
const origin: fc.Arbitrary<Origin> = fc.record({ pipeline: part, version: part, incarnation: part })
const number = fc.nat(20)

describe('keys', () => {
  test('give each envelope, each window and each edge partial a partition of its own, so that none is hot', () => {
    const partition = fc.tuple(fc.constantFrom(envelopePartition, edgePartition, resultPartition), origin, number)
    fc.assert(
      fc.property(partition, partition, ([of, from, at], [ofOther, fromOther, atOther]) => {
        const same = of === ofOther && at === atOther && JSON.stringify(from) === JSON.stringify(fromOther)
        expect(of(from, at) === ofOther(fromOther, atOther)).toBe(same)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of chunks differ with the attempt, the pane and the place, and are never that of the head', () => {
    const chunk = fc.tuple(part, number, number)
    fc.assert(
      fc.property(chunk, chunk, (one, other) => {
        expect(chunkKey(...one) === chunkKey(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
        expect(chunkKey(...one)).not.toBe(HEAD)
      }),
      { numRuns: 1_000 },
    )
  })
})
