import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readJsonText } from './json-text'

/** What the parser of the language makes of it, as text. */
const parsed = (text: string) => {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined
  }
}

describe('JSON, read by hand', () => {
  test('is what the parser of the language reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(JSON.stringify(readJsonText(text)?.value)).toBe(parsed(text))
      }),
    )
  })

  test('is nothing where that reads nothing', () => {
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'true',
      'nul',
      ' ',
      '\\',
    )
    const text = fc.array(fragment, { maxLength: 7 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (text) => {
        expect(JSON.stringify(readJsonText(text)?.value)).toBe(parsed(text))
      }),
      { numRuns: 5_000 },
    )
  })

  test('keeps the text as it was written, less the white space between tokens', () => {
    expect(readJsonText(' {"a" : [ 1.0,\n-0, 12345678901234567890 ],\t"a":" b "} ')?.compact).toBe(
      '{"a":[1.0,-0,12345678901234567890],"a":" b "}',
    )
  })

  test('has no limit of nesting', () => {
    expect(readJsonText('['.repeat(50_000) + ']'.repeat(50_000))).not.toBeNull()
  })
})
