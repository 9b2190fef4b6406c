import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LineTexts } from '../../../edge-node/ingest/line-texts'

describe('the texts of lines', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'binary' }),
    fc.nat(9_000).map((length) => 'x'.repeat(length)),
  )

  test('are those of the body, whether it is ASCII, and however long they are', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const sound = lines.map((text) => Buffer.from(text).toString('utf8')) // half a surrogate pair is no UTF-8
        const texts = new LineTexts(Buffer.from(sound.join('\n')))
        let start = 0
        for (const text of sound) {
          const end = start + Buffer.byteLength(text)
          expect(texts.text(start, end)).toBe(text)
          start = end + 1
        }
      }),
    )
  })
})
