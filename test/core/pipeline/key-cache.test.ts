import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { KeyCache } from '../../../core/pipeline/key-cache'

describe('the cache of keys', () => {
  test('gives the text of the bytes, whatever was asked for before', () => {
    const keys = cache()
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(300_000).map(String), fc.string({ unit: 'grapheme-ascii', maxLength: 90 })),
        (text) => {
          expect(keys.text(Buffer.from(`"${text}"`), 1, text.length + 1)).toBe(text)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('makes the text of a key once', () => {
    let made = 0
    const keys = cache(() => made++)
    for (let time = 0; time < 3; time++) keys.text(Buffer.from('auction-1'), 0, 9)
    expect(made).toBe(1)
  })
})

const cache = (onMake = () => {}) =>
  new KeyCache((bytes, start, end) => {
    onMake()
    return Buffer.from(bytes.subarray(start, end)).toString('latin1')
  })
