import type { KeyCache, TextOf } from './key-cache'

/** What a field of a scanned line holds. */
export const ABSENT = 0
export const NULL = 1
export const TRUE = 2
export const FALSE = 3
/** A number of digits alone, with or without a sign. */
export const INTEGER = 4
/** Any other number. */
export const DECIMAL = 5
/** A text of ASCII without escapes. */
export const TEXT = 6
/** An object or an array. */
export const NESTED = 7

/** The scanner is not sure of the line: JSON.parse has to read it. */
export const UNSURE = -1

const [QUOTE, COMMA, COLON, BACKSLASH, MINUS, PLUS, DOT] = [0x22, 0x2c, 0x3a, 0x5c, 0x2d, 0x2b, 0x2e]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const [DIGIT_0, DIGIT_9, LETTER_U] = [0x30, 0x39, 0x75]

/** Deeper values are left to JSON.parse, so that no line can fill the stack. */
const MAX_DEPTH = 16

/** Of each byte: whether a text goes on with it. An escape, the end, a control character and what is not ASCII differ. */
const [PLAIN, ENDS, ESCAPES, CONTROL, HIGH] = [0, 1, 2, 3, 4]
const CLASS = new Uint8Array(256)
CLASS.fill(CONTROL, 0, 0x20)
CLASS.fill(HIGH, 0x80)
CLASS[QUOTE] = ENDS
CLASS[BACKSLASH] = ESCAPES

/** Digits that a double holds whatever they are, and the powers of ten that it holds exactly. */
const MAX_EXACT_DIGITS = 15
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]

/**
 * Finds some fields of a JSON object in one pass over its bytes, and checks all of it: what it takes, JSON.parse takes,
 * with the same value for each of the fields. Where it is not sure it says so. It is written for lines of UTF-8 that was
 * checked. Names are of ASCII without quotes, backslashes and control characters: see `canBeScanned`.
 */
export class FieldScanner {
  /** Of each name: what was found, and where. */
  readonly kinds: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  private readonly names: readonly Uint8Array[]
  /** Whether the text that was passed last had escapes, or more than ASCII. */
  private isPlain = true
  private bytes: Uint8Array = new Uint8Array(0)
  /** The whole words of the bytes, and what has to be added to a place in the bytes to have one in them. */
  private words: Int32Array = new Int32Array(0)
  private wordsAt = 0

  constructor(names: readonly string[]) {
    this.names = names.map((name) => Uint8Array.from(name, (letter) => letter.charCodeAt(0)))
    this.kinds = new Uint8Array(names.length)
    this.starts = new Int32Array(names.length)
    this.ends = new Int32Array(names.length)
  }

  /** Takes up bytes that are scanned from now on. Those before may come again: requests are read in turns. */
  private begin(bytes: Uint8Array): void {
    this.bytes = bytes
    const { buffer, byteOffset, length } = bytes
    const firstWord = (byteOffset + 3) >> 2
    const lastWord = (byteOffset + length) >> 2 // what is beyond it is looked at byte by byte
    this.words = new Int32Array(buffer, firstWord * 4, Math.max(0, lastWord - firstWord))
    this.wordsAt = byteOffset - firstWord * 4
  }

  /** Reads the object that begins at `start`. Returns where it ends, or UNSURE. */
  scan(bytes: Uint8Array, start: number): number {
    if (bytes !== this.bytes) this.begin(bytes)
    this.kinds.fill(ABSENT)
    if (bytes[start] !== OPEN_OBJECT) return UNSURE
    let at = afterSpace(bytes, start + 1)
    if (bytes[at] === CLOSE_OBJECT) return at + 1
    for (;;) {
      if (bytes[at] !== QUOTE) return UNSURE
      const nameAt = ++at
      while (CLASS[bytes[at]!] === PLAIN) at++
      if (bytes[at] !== QUOTE) return UNSURE
      const field = this.fieldOf(bytes, nameAt, at++)
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at)
      if (bytes[at++] !== COLON) return UNSURE
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at)
      const valueAt = at
      at = bytes[at] === QUOTE ? this.textEnd(bytes, at + 1) : this.valueEnd(bytes, at, MAX_DEPTH)
      if (at === UNSURE || (field >= 0 && !this.keep(bytes, valueAt, at, field))) return UNSURE
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at)
      const next = bytes[at++]
      if (next === CLOSE_OBJECT) return at
      if (next !== COMMA) return UNSURE
      if (bytes[at]! <= SPACE) at = afterSpace(bytes, at)
    }
  }

  /** The value of a field as JSON.parse reads it; undefined where it is absent, or nested. */
  value(bytes: Uint8Array, field: number, textOf: TextOf): unknown {
    switch (this.kinds[field]) {
      case INTEGER:
      case DECIMAL:
        return numberAt(bytes, this.starts[field]!, this.ends[field]!)
      case TEXT:
        return textOf(bytes, this.starts[field]!, this.ends[field]!)
      case TRUE:
        return true
      case FALSE:
        return false
      case NULL:
        return null
      default:
        return undefined
    }
  }

  /** Its value as a key, where it is one without doubt: a text within the length, a number that is its own text. */
  key(bytes: Uint8Array, field: number, maxLength: number, keys: KeyCache): string | null {
    const start = this.starts[field]!
    const end = this.ends[field]!
    switch (this.kinds[field]) {
      case TEXT:
        return end - start <= maxLength ? keys.text(bytes, start, end) : null
      case INTEGER:
        return isItsText(bytes, start, end) ? keys.text(bytes, start, end) : null
      case TRUE:
        return 'true'
      case FALSE:
        return 'false'
      default:
        return null
    }
  }

  isNested(field: number): boolean {
    return this.kinds[field] === NESTED
  }

  /** Which of the names it is; -1: none. */
  private fieldOf(bytes: Uint8Array, start: number, end: number): number {
    const { names } = this
    for (let field = 0; field < names.length; field++) {
      const name = names[field]!
      const length = name.length
      if (end - start !== length || bytes[start] !== name[0]) continue
      let at = 1
      while (at < length && bytes[start + at] === name[at]) at++
      if (at >= length) return field
    }
    return -1
  }

  /** Notes the value of a field, of two with one name the last; false for a text that is not as it is written. */
  private keep(bytes: Uint8Array, start: number, end: number, field: number): boolean {
    const isText = bytes[start] === QUOTE
    this.kinds[field] = isText ? TEXT : kindOf(bytes, start, end)
    this.starts[field] = isText ? start + 1 : start
    this.ends[field] = isText ? end - 1 : end
    return !isText || this.isPlain
  }

  /** Where the value that begins at `at` ends. */
  private valueEnd(bytes: Uint8Array, at: number, depth: number): number {
    switch (bytes[at]) {
      case QUOTE:
        return this.textEnd(bytes, at + 1)
      case OPEN_OBJECT:
        return depth === 0 ? UNSURE : this.objectEnd(bytes, at + 1, depth - 1)
      case OPEN_ARRAY:
        return depth === 0 ? UNSURE : this.arrayEnd(bytes, at + 1, depth - 1)
      case 0x74:
        return wordEnd(bytes, at, WORD_TRUE)
      case 0x66:
        return wordEnd(bytes, at, WORD_FALSE)
      case 0x6e:
        return wordEnd(bytes, at, WORD_NULL)
      default:
        return numberEnd(bytes, at)
    }
  }

  private objectEnd(bytes: Uint8Array, start: number, depth: number): number {
    let at = afterSpace(bytes, start)
    if (bytes[at] === CLOSE_OBJECT) return at + 1
    for (;;) {
      if (bytes[at] !== QUOTE) return UNSURE
      const nameEnd = this.textEnd(bytes, at + 1)
      if (nameEnd === UNSURE) return UNSURE
      at = afterSpace(bytes, nameEnd)
      if (bytes[at] !== COLON) return UNSURE
      const end = this.valueEnd(bytes, afterSpace(bytes, at + 1), depth)
      if (end === UNSURE) return UNSURE
      at = afterSpace(bytes, end)
      if (bytes[at] === CLOSE_OBJECT) return at + 1
      if (bytes[at] !== COMMA) return UNSURE
      at = afterSpace(bytes, at + 1)
    }
  }

  private arrayEnd(bytes: Uint8Array, start: number, depth: number): number {
    let at = afterSpace(bytes, start)
    if (bytes[at] === CLOSE_ARRAY) return at + 1
    for (;;) {
      const end = this.valueEnd(bytes, at, depth)
      if (end === UNSURE) return UNSURE
      at = afterSpace(bytes, end)
      if (bytes[at] === CLOSE_ARRAY) return at + 1
      if (bytes[at] !== COMMA) return UNSURE
      at = afterSpace(bytes, at + 1)
    }
  }

  /** Where a text of which the first byte is at `at` has ended, quote included. */
  private textEnd(bytes: Uint8Array, start: number): number {
    let at = this.plainEnd(bytes, start)
    this.isPlain = bytes[at] === QUOTE
    if (this.isPlain) return at + 1
    for (; ; at++) {
      const kind = CLASS[bytes[at]!]
      if (kind === PLAIN || kind === HIGH) continue
      if (kind === ENDS) return at + 1
      if (kind !== ESCAPES) return UNSURE
      at += escapeLength(bytes, at + 1)
      if (bytes[at] === undefined) return UNSURE
    }
  }

  /** The first byte from `start` on that no text goes on with as it is. Looks at four bytes at once where it can. */
  private plainEnd(bytes: Uint8Array, start: number): number {
    const { words, wordsAt } = this
    let at = start
    while (CLASS[bytes[at]!] === PLAIN) {
      at++
      if (((at + wordsAt) & 3) !== 0) continue
      let index = (at + wordsAt) >> 2
      for (const last = words.length; index < last; index++) {
        const word = words[index]!
        const quotes = word ^ QUOTES
        const backslashes = word ^ BACKSLASHES
        const odd =
          ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes) | ((word - SPACES) & ~word) | word
        if ((odd & HIGH_BITS) !== 0) break
      }
      at = index * 4 - wordsAt
    }
    return at
  }
}

/**
 * How four bytes at once are found to be plain. Subtracting from each byte borrows from its highest bit where it was too
 * small; the bytes above such a one may look odd, too, and are looked at one by one.
 */
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const ONES = 0x01010101
const SPACES = 0x20202020
const HIGH_BITS = 0x80808080 | 0

/** Whether a scanner can look for a field of this name. */
export const canBeScanned = (name: string): boolean => /^[ !#-[\]-~]+$/.test(name)

const WORD_TRUE = Uint8Array.from('true', (letter) => letter.charCodeAt(0))
const WORD_FALSE = Uint8Array.from('false', (letter) => letter.charCodeAt(0))
const WORD_NULL = Uint8Array.from('null', (letter) => letter.charCodeAt(0))

const SPACE = 0x20

/** A line feed is none here: it ends the line. */
function afterSpace(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const byte = bytes[at]
    if (byte !== SPACE && byte !== 0x09 && byte !== 0x0d) return at
    at++
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false
  for (let at = 0; at < name.length; at++) if (bytes[start + at] !== name[at]) return false
  return true
}

function wordEnd(bytes: Uint8Array, start: number, word: Uint8Array): number {
  return isAt(bytes, start, start + word.length, word) ? start + word.length : UNSURE
}

/** Bytes after a backslash that belong to it; far beyond any line where they are no escape. */
function escapeLength(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 1
    case LETTER_U:
      return isHex(bytes[at + 1]) && isHex(bytes[at + 2]) && isHex(bytes[at + 3]) && isHex(bytes[at + 4]) ? 5 : NOWHERE
    default:
      return NOWHERE
  }
}

const NOWHERE = 0x3fff_ffff

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const letter = byte | 0x20
  return (byte >= DIGIT_0 && byte <= DIGIT_9) || (letter >= 0x61 && letter <= 0x66)
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at]! >= DIGIT_0 && bytes[at]! <= DIGIT_9) at++
  return at > start ? at : UNSURE
}

/** Where a number ends, after the grammar of JSON. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start
  at = bytes[at] === DIGIT_0 ? at + 1 : digitsEnd(bytes, at)
  if (at === UNSURE) return UNSURE
  if (bytes[at] === DOT) {
    at = digitsEnd(bytes, at + 1)
    if (at === UNSURE) return UNSURE
  }
  if ((bytes[at]! | 0x20) !== 0x65) return at
  at += bytes[at + 1] === MINUS || bytes[at + 1] === PLUS ? 2 : 1
  return digitsEnd(bytes, at)
}

function kindOf(bytes: Uint8Array, start: number, end: number): number {
  switch (bytes[start]) {
    case 0x74:
      return TRUE
    case 0x66:
      return FALSE
    case 0x6e:
      return NULL
    case OPEN_OBJECT:
    case OPEN_ARRAY:
      return NESTED
    default:
      for (let at = start + 1; at < end; at++) if (bytes[at]! < DIGIT_0 || bytes[at]! > DIGIT_9) return DECIMAL
      return INTEGER
  }
}

/**
 * The double nearest to a number of JSON. Digits below 10^15 and a power of ten up to 10^15 are doubles both, so that
 * one division rounds just once; anything else is the language's own affair.
 */
function numberAt(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS
  let value = 0
  let dotAt = end - 1
  const first = isNegative ? start + 1 : start
  if (end - first > MAX_EXACT_DIGITS) return Number(textAt(bytes, start, end))
  for (let at = first; at < end; at++) {
    const byte = bytes[at]!
    if (byte === DOT) dotAt = at
    else if (byte > DIGIT_9) return Number(textAt(bytes, start, end))
    else value = value * 10 + (byte - DIGIT_0)
  }
  const magnitude = value / POWERS_OF_TEN[end - 1 - dotAt]!
  return isNegative ? -magnitude : magnitude
}

/** Whether an integer, as JSON writes it, is written as JavaScript would: all but -0 and those that may be rounded. */
function isItsText(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= MAX_EXACT_DIGITS && (bytes[start] !== MINUS || bytes[start + 1] !== DIGIT_0)
}

/** ASCII as a text; for the rare one, since it costs more than a number. */
function textAt(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end))
}
