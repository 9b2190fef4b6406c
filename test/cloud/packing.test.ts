import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chunkGroups, GroupTooLarge, MAX_CHUNK_BYTES } from '../../cloud/chunks'
import { digestOf, pack, unpack } from '../../cloud/packing'
import type { EncodedGroup } from '../../core/protocol/partial'

describe('packing', () => {
  test('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(JSON.stringify(unpack(pack(value)))).toBe(JSON.stringify(value))
      }),
    )
  })

  test('gives the same bytes for the same value, so that a repeated write is the same write', () => {
    expect(pack({ a: ['ü', 1] })).toEqual(pack({ a: ['ü', 1] }))
  })

  test.each([
    ['no compressed data', Buffer.from('{}')],
    ['compressed data that is no JSON', gzipSync('{"a":')],
    ['compressed data that is cut off', gzipSync('{"a":[1,2,3]}').subarray(0, 20)],
    ['nothing', Buffer.alloc(0)],
  ])('throws for %s', (_, bytes) => {
    expect(() => unpack(bytes)).toThrow()
  })

  test('throws instead of unpacking far more than any item holds', () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024, '1'), { level: 1 })
    expect(() => unpack(bomb)).toThrow(/larger than/)
  })
})

describe('the digest of lines', () => {
  test('is SHA-256 of the lines joined by newlines, in hex', () => {
    expect(digestOf(['a', 'ü'])).toBe(createHash('sha256').update('a\nü', 'utf8').digest('hex'))
    expect(digestOf([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  test('differs for lines in another order and at other boundaries', () => {
    const digests = [['ab', 'c'], ['a', 'bc'], ['c', 'ab'], ['abc'], ['ab', 'c', '']].map(digestOf)
    expect(new Set(digests).size).toBe(digests.length)
  })
})

describe('chunks', () => {
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
})
