import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { digestOf, pack, unpack } from '../../cloud/packing'

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
