/** JSON as RFC 8259 has it, read without the parser of the language: values, and their text without white space. */

/** A value, the text that it was written as less the white space between tokens, and where it ends. */
export interface JsonText {
  readonly value: unknown
  readonly compact: string
  readonly end: number
}

type Open = { items: unknown[] } | { fields: Record<string, unknown>; name: string }

const SPACE = /[ \t\r\n]*/y
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not stand in a text
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const ESCAPE = /\\(?:u(....)|(.))/g
const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** The whole text as one value with white space around it, or null when it is none. */
export function readJsonText(text: string): JsonText | null {
  const read = readValue(text, skipSpace(text, 0))
  return read !== null && skipSpace(text, read.end) === text.length ? read : null
}

/** The value at `from`, or null when there is none. Nesting has no limit, so it is kept in a list and not by calls. */
function readValue(text: string, from: number): JsonText | null {
  const open: Open[] = []
  let at = from
  let compact = ''
  for (;;) {
    let value: unknown
    const first = text[at]
    if (first === '[' || first === '{') {
      const container = first === '[' ? { items: [] } : { fields: Object.create(null), name: '' }
      open.push(container)
      compact += first
      at = skipSpace(text, at + 1)
      if (text[at] !== closerOf(container)) {
        const next = toValue(text, at, container)
        if (next === null) return null
        compact += next.compact
        at = next.end
        continue
      }
    } else {
      const token = tokenAt(text, at)
      if (token === null) return null
      compact += token
      at += token.length
      value = readToken(token)
      if (open.length === 0) return { value, compact, end: at }
      put(open.at(-1)!, value)
      at = skipSpace(text, at)
    }
    for (let top = open.at(-1)!; text[at] === closerOf(top); top = open.at(-1)!) {
      open.pop()
      compact += text[at]
      at += 1
      value = 'items' in top ? top.items : top.fields
      if (open.length === 0) return { value, compact, end: at }
      put(open.at(-1)!, value)
      at = skipSpace(text, at)
    }
    if (text[at] !== ',') return null
    const next = toValue(text, skipSpace(text, at + 1), open.at(-1)!)
    if (next === null) return null
    compact += `,${next.compact}`
    at = next.end
  }
}

export function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at
  SPACE.test(text)
  return SPACE.lastIndex
}

const closerOf = (open: Open) => ('items' in open ? ']' : '}')

/** Over the name of a field, where it is one: `end` is where the value begins. */
function toValue(text: string, at: number, container: Open): { compact: string; end: number } | null {
  if ('items' in container) return { compact: '', end: at }
  const name = text[at] === '"' ? tokenAt(text, at) : null
  if (name === null) return null
  const colon = skipSpace(text, at + name.length)
  if (text[colon] !== ':') return null
  container.name = String(readToken(name))
  return { compact: `${name}:`, end: skipSpace(text, colon + 1) }
}

function put(container: Open, value: unknown): void {
  if ('items' in container) container.items.push(value)
  else container.fields[container.name] = value
}

function tokenAt(text: string, at: number): string | null {
  const form = text[at] === '"' ? TEXT : SCALAR
  form.lastIndex = at
  return form.exec(text)?.[0] ?? null
}

function readToken(token: string): unknown {
  switch (token[0]) {
    case '"':
      return token
        .slice(1, -1)
        .replace(ESCAPE, (_, hex, letter) =>
          hex === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
        )
    case 't':
      return true
    case 'f':
      return false
    case 'n':
      return null
    default:
      return Number(token)
  }
}
