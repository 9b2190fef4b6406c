import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canBeScanned, FieldScanner, UNSURE } from '../../../core/pipeline/field-scanner'
import { scanDifference } from '../../support/scan-difference'
import { anyJsonLine, mutated } from '../../support/some-json'

const NAMES = ['k', 't', 'a b']

/** What a scanner finds in a line; null where it is not sure. */
function scanned(line: string, names: readonly string[] = NAMES) {
  const scanner = new FieldScanner(names)
  const bytes = Buffer.from(line)
  const end = scanner.scan(bytes, 0)
  if (end === UNSURE) return null
  const values = names.map((_, field) =>
    scanner.isNested(field)
      ? 'nested'
      : scanner.value(bytes, field, (all, start, stop) => Buffer.from(all.subarray(start, stop)).toString('latin1')),
  )
  return { end, values }
}

const firstOf = (line: string) => scanned(line)?.values[0]

describe('a scanner', () => {
  test('finds its fields in any order, and passes over the others', () => {
    expect(scanned('{"x":[1,{"k":2}],"t":5,"a b":"c","y":"\\u00e9","k":-1.5}')?.values).toEqual([-1.5, 5, 'c'])
  })

  test('takes the last of two fields with one name, as JSON.parse does', () => {
    expect(firstOf('{"k":1,"k":"two"}')).toBe('two')
    expect(firstOf('{"k":"two","k":null}')).toBeNull()
  })

  test('says where the object ends, and looks no further', () => {
    expect(scanned('{"k":1} garbage')?.end).toBe(7)
    expect(scanned('{}')?.end).toBe(2)
  })

  test('keeps a field that has the name of something inherited', () => {
    expect(scanned('{"__proto__":3,"constructor":4}', ['__proto__', 'constructor', 'toString'])?.values).toEqual([
      3,
      4,
      undefined,
    ])
  })

  test.each([
    ['a name with an escape, which may be one of its own', '{"\\u006b":1}'],
    ['a text of its own with an escape', '{"k":"\\u0061"}'],
    ['a text of its own beyond ASCII', '{"k":"\u00e9"}'],
    ['a name beyond ASCII', '{"\u00e9":1}'],
    ['a value that is nested deep', `{"x":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['anything but an object', '[1]'],
    ['a line feed within', '{"k":\n1}'],
    ['a line that has no end', '{"k":1,"x":"'],
    ['nothing', ''],
  ])('is not sure of %s', (_, line) => {
    expect(scanned(line)).toBeNull()
  })

  test.each(['a', 'dateTime', 'a b', '$x', '__proto__', "it's"])('can look for a field "%s"', (name) => {
    expect(canBeScanned(name)).toBe(true)
  })

  test.each(['', '"', '\\', '\u00e9', '\n', '\u007f'])('cannot look for a field %j', (name) => {
    expect(canBeScanned(name)).toBe(false)
  })
})

describe('a number that was scanned', () => {
  test('is the one of JSON.parse to the bit', () => {
    const decimal = fc
      .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 22n }), fc.nat(22))
      .map(([isNegative, digits, scale]) => {
        const text = digits.toString().padStart(scale + 1, '0')
        const [whole, fraction] = [text.slice(0, text.length - scale), text.slice(text.length - scale)]
        return `${isNegative ? '-' : ''}${BigInt(whole)}${scale > 0 ? `.${fraction}` : ''}`
      })
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value))
    fc.assert(
      fc.property(fc.oneof(decimal, double), (text) => {
        expect(firstOf(`{"k":${text}}`)).toBe(JSON.parse(text))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each(['0', '-0', '-0.0', '1e400', '1E-400', '5e-324', '9007199254740993', '0.30000000000000004', '1.0', '1e+2'])(
    'is exact for %s',
    (text) => {
      expect(Object.is(firstOf(`{"k":${text}}`), JSON.parse(text))).toBe(true)
    },
  )
})

/**
 * Cases after the kinds of the JSON test suites that are in use: what every parser has to take (y), has to refuse (n),
 * and what each may decide (i). They were written for this test.
 */
describe('a line is taken only if JSON.parse takes it', () => {
  const inObject = (values: readonly string[]) => values.map((value) => `{"k":${value}}`)

  test.each([
    ...inObject(['0', '-0', '10', '1.25', '1e1', '1E1', '1e-2', '1e+2', '0e0', '-12.5e-3', 'true', 'false', 'null']),
    ...inObject([
      '""',
      '"a"',
      '"a/b"',
      '" "',
      '"\u007f"',
      '[]',
      '[ ]',
      '{}',
      '[[],{}]',
      '[1,"2",null]',
      '{"k":{"k":1}}',
    ]),
    ...[
      '{ }',
      '{"a":1 , "b":2}',
      '{"a"\t:\r1}',
      '{"":0}',
      '{"a":1,"a":2}',
      '{"x":"\\"\\\\\\/\\b\\f\\n\\r\\t\\uD834\\udd1e"}',
    ],
    ...['{"x":"\u2028\u2029\ufeff"}', '{"x":"\u{10ffff}"}', '{"x":"\\u0000"}'],
  ])('y: %j', (line) => {
    expect(JSON.parse(line)).toBeDefined()
    expect(scanned(line)?.end).toBe(Buffer.byteLength(line))
  })

  test.each([
    ...inObject([
      '01',
      '-01',
      '+1',
      '.5',
      '1.',
      '-',
      '--1',
      '1e',
      '1e+',
      '1.e1',
      '0x1',
      '1_0',
      'NaN',
      '-Infinity',
      '1a',
    ]),
    ...inObject(['tru', 'True', 'nul', 'nulll', "'a'", '"\\x41"', '"\\u12g4"', '"\\u123"', '"\\"', '"\t"', '"\u0000"']),
    ...inObject([
      '',
      '[1,]',
      '[,1]',
      '[1 2]',
      '[1',
      '{,}',
      '{"a"}',
      '{"a":}',
      '{"a" 1}',
      '{a:1}',
      '{"a":1,}',
      '1 1',
      '[}',
    ]),
    ...['{', '{"', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a"::1}'],
    ...['{"a":1/**/}', '{\u00a0"a":1}', '{"a":1\u000c}', '{1:1}', '{"a":"\u001f"}', '\ufeff{}', '{"a":[{]}'],
  ])('n: %j', (line) => {
    expect(() => JSON.parse(line)).toThrow()
    expect(scanned(line)).toBeNull()
  })

  test.each([
    ...inObject(['1e9999', '-1e9999', '123456789012345678901234567890', '0.1e-9999', '"\\ud800"', '"\\udc00x"']),
    ...['{"x":"\\ud800\\ud800"}', `{"x":${'['.repeat(500)}${']'.repeat(500)}}`],
  ])('i: %j is read as JSON.parse reads it, or not at all', (line) => {
    expect(scanDifference(line, NAMES)).toBeNull()
  })

  test('whatever the line: generated JSON, and JSON with bytes changed, added or taken away', () => {
    let sure = 0
    const line = anyJsonLine(NAMES)
    fc.assert(
      fc.property(fc.oneof(line, mutated(line)), (text) => {
        const difference = scanDifference(text, NAMES)
        if (scanned(text) !== null) sure += 1
        expect(difference).toBeNull()
      }),
      { numRuns: 5_000 },
    )
    expect(sure).toBeGreaterThan(500) // a scanner that is never sure would be right, too
  })

  test('at any place in memory, since it looks at four bytes at once', () => {
    fc.assert(
      fc.property(anyJsonLine(NAMES), fc.nat(9), (text, shift) => {
        expect(scanDifference(text, NAMES, shift)).toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })
})
