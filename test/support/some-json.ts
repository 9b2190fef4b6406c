import fc from 'fast-check'

const ODD_NUMBERS = ['-0', '1e3', '1E-7', '0.0', '9007199254740993', '1e400', '123456789.123456789', '100e-2']
const ODD_TEXTS = ['', '"', '\\', '\n', '\u00e9', '\u{1f511}', '\u2028', 'a\tb', '/', '},{', '\u007f']

/** A line with an object that has some of the fields, and others, nested and odd, with space between its tokens. */
export function anyJsonLine(names: readonly string[]): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', '', ' ', '\t', '\r', '  ')
  const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string(), fc.string({ unit: 'binary' })).chain(written)
  const number = fc.oneof(
    fc.constantFrom(...ODD_NUMBERS),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  )
  const name = fc.oneof(fc.constantFrom(...names).chain(written), text)
  const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      ...[number, text, fc.constantFrom('true', 'false', 'null'), tie('array'), tie('object')],
    ),
    array: fc.array(tie('value'), { maxLength: 3 }).map((values) => `[${values.join(',')}]`),
    object: fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((fields) => objectOf(fields)),
  }))
  const field = fc.tuple(space, name, space, space, value, space)
  return fc
    .array(field, { maxLength: 6 })
    .map((fields) => `{${fields.map(([a, key, b, c, of, d]) => `${a}${key}${b}:${c}${of}${d}`).join(',')}}`)
}

/** The same with a few bytes changed, added or taken away, as UTF-8 that may be none any more. */
export function mutated(line: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const letters = fc.constantFrom(...'{}[]",:\\0123456789.eE+-tfnu /\u0000\u001f\u00e9 \n'.split(''))
  const change = fc.tuple(fc.nat(), fc.constantFrom('put', 'set', 'cut'), letters)
  return fc.tuple(line, fc.array(change, { minLength: 1, maxLength: 4 })).map(([text, changes]) =>
    changes.reduce((changed, [place, how, letter]) => {
      const at = place % (changed.length + 1)
      const rest = how === 'put' ? changed.slice(at) : changed.slice(at + 1)
      return changed.slice(0, at) + (how === 'cut' ? '' : letter) + rest
    }, text),
  )
}

const objectOf = (fields: readonly (readonly [string, string])[]) =>
  `{${fields.map(([name, value]) => `${name}:${value}`).join(',')}}`

/** A text as JSON, now and then with a letter escaped that need not be. */
const written = (text: string): fc.Arbitrary<string> =>
  fc.constantFrom(0, 0, 0, 1).map((escaped) => {
    const quoted = JSON.stringify(text)
    if (escaped === 0 || !/^"[a-z]/.test(quoted)) return quoted
    return `"\\u${quoted.charCodeAt(1).toString(16).padStart(4, '0')}${quoted.slice(2)}`
  })
