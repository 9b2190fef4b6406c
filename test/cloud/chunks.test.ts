import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chunkGroups, GroupTooLarge, MAX_CHUNK_BYTES } from '../../cloud/chunks'
import type { EncodedGroup } from '../../core/protocol/partial'

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
/** A group whose JSON text alone, in a chunk of its own, has exactly that many bytes. */
const groupOf = (chunkBytes: number): EncodedGroup => ['k', 'x'.repeat(chunkBytes - bytesOf([['k', '']]))]

const group: fc.Arbitrary<EncodedGroup> = fc
  .tuple(fc.string({ unit: 'binary' }), fc.constantFrom('x', 'é', '"', '\u0001', '😀'), fc.nat(45_000))
  .map(([key, character, length]) => [key, character.repeat(length)])

describe('groups in chunks', () => {
  test('keep their order, are all there, and no chunk is over the limit', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 20 }), (groups) => {
        const chunks = chunkGroups(groups)
        expect(chunks.flat()).toEqual(groups)
        for (const chunk of chunks) expect(bytesOf(chunk)).toBeLessThanOrEqual(MAX_CHUNK_BYTES)
      }),
      { numRuns: 50 },
    )
  })

  test('fill a chunk before the next one starts', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 20 }), (groups) => {
        const chunks = chunkGroups(groups)
        for (const [index, chunk] of chunks.slice(1).entries()) {
          expect(bytesOf([...chunks[index]!, chunk[0]])).toBeGreaterThan(MAX_CHUNK_BYTES)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('fit to the byte', () => {
    expect(chunkGroups([groupOf(MAX_CHUNK_BYTES)])).toHaveLength(1)
    const half = groupOf(MAX_CHUNK_BYTES / 2)
    const rest = groupOf(MAX_CHUNK_BYTES / 2 + 1)
    expect(bytesOf([half, rest])).toBe(MAX_CHUNK_BYTES)
    expect(chunkGroups([half, rest])).toHaveLength(1)
    expect(chunkGroups([half, groupOf(MAX_CHUNK_BYTES / 2 + 2)])).toHaveLength(2)
  })

  test('none make no chunk', () => {
    expect(chunkGroups([])).toEqual([])
  })

  test('one that fits no chunk is refused by its key, cut to what a message can bear', () => {
    const giant: EncodedGroup = ['long '.repeat(100), 'x'.repeat(MAX_CHUNK_BYTES)]
    const chunk = () => chunkGroups([groupOf(10), giant])
    expect(chunk).toThrow(GroupTooLarge)
    expect(chunk).toThrow(/^the state of one key takes 290\d\d\d bytes; at most 290000 fit an item$/)
    expect(() => chunkGroups([groupOf(MAX_CHUNK_BYTES + 1)])).toThrow(
      expect.objectContaining({ code: 'group_too_large', retryable: false }),
    )
  })
})
