import { isUtf8 } from 'node:buffer'
import type { ReadLine, Rejection } from '../../core/pipeline/event'
import type { LineScanner } from '../../core/pipeline/line-scanner'
import { LineTexts } from './line-texts'

/** A body that cannot be read at all: nothing of it was accepted. */
export class UnreadableBody extends Error {
  readonly retryable = false
  constructor(
    readonly status: 400 | 413 | 415,
    readonly code: 'body_too_large' | 'too_many_lines' | 'invalid_gzip' | 'invalid_json' | 'unknown_encoding',
    message: string,
  ) {
    super(message)
  }
}

/**
 * One step through a body: a line with its number, or a stretch without one. `bytes` is how much was read since the
 * step before, so that who reads knows when to let others in.
 */
export interface Step {
  readonly number: number
  /** Null for a blank line, and in the middle of a long element. */
  readonly line: string | Rejection | null
  readonly bytes: number
  /** The line as it was read by scanning it; null where nobody is sure, and `line` has it. */
  readonly read: ReadLine | null
}

/** Scans the lines of a body; see `LineScanner`. */
export type ScansLines = Pick<LineScanner, 'scan' | 'end' | 'timestampMs' | 'found'>

/** What a body is, decided by its first character after white space and byte order marks. */
export interface BodyLines {
  readonly form: 'array' | 'object' | 'ndjson'
  readonly steps: Iterable<Step>
}

/** An indented value may have so many times the bytes of the line that it becomes: white space, mostly. */
const RAW_PER_LINE = 4
const STRETCH_BYTES = 128 * 1024 // about a millisecond of looking for the end of an element
const NEWLINE = 10
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * The lines of a body: NDJSON, the elements of a JSON array, or one object over several lines. Reading an array throws
 * UnreadableBody when it does not parse: it has no lines that could be told apart.
 */
export function linesOf(body: Buffer, maxLineBytes: number, scan: Scan | null): BodyLines {
  const start = contentStart(body, 0, body.length)
  const first = body[start]
  if (first === OPEN_ARRAY) return { form: 'array', steps: elements(body, start, maxLineBytes) }
  const object = first === OPEN_OBJECT ? oneObject(body, start, maxLineBytes) : undefined
  if (object === undefined) return { form: 'ndjson', steps: new Ndjson(body, maxLineBytes, scan) }
  return { form: 'object', steps: [{ number: 1, line: object, bytes: body.length, read: null }] }
}

/**
 * The elements of a JSON array, each as one line. They are told apart by their brackets, and then parsed one by one.
 */
function* elements(body: Buffer, open: number, maxLineBytes: number): Iterable<Step> {
  if (!isUtf8(body)) throw unreadableArray('is not UTF-8')
  let number = 0
  let start = open + 1
  let depth = 1
  let inString = false
  for (let at = start; depth > 0; at++) {
    const byte = body[at]
    if (byte === undefined) throw unreadableArray('begins as a JSON array and does not end')
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--
    const ends = !inString && ((depth === 1 && byte === COMMA) || depth === 0)
    if (ends) {
      const isNone = depth === 0 && number === 0 && isBlank(body, start, at)
      if (depth === 0 && byte !== CLOSE_ARRAY) throw unreadableArray('begins as a JSON array and is none')
      if (!isNone)
        yield { number: ++number, line: element(body, start, at, maxLineBytes), bytes: at - start, read: null }
      start = at + 1
      if (depth === 0 && !isBlank(body, start, body.length)) throw unreadableArray('goes on after its JSON array')
    } else if ((at - open) % STRETCH_BYTES === 0) yield { number, line: null, bytes: STRETCH_BYTES, read: null }
  }
}

function element(body: Buffer, start: number, end: number, maxLineBytes: number): string | Rejection {
  const bytes = end - start
  if (bytes > RAW_PER_LINE * maxLineBytes) return tooLong(bytes, maxLineBytes)
  if (!isJson(body.toString('utf8', start, end))) throw unreadableArray('begins as a JSON array and is none')
  return asLine(body.subarray(start, end), maxLineBytes)
}

function isBlank(body: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (!isSpace(body[at])) return false
  }
  return true
}

const unreadableArray = (what: string) =>
  new UnreadableBody(400, 'invalid_json', `the body ${what}; nothing of it was accepted`)

/** A single pretty-printed object; undefined when the body is something else, such as several lines of JSON. */
function oneObject(body: Buffer, start: number, maxLineBytes: number): string | Rejection | undefined {
  const newline = body.indexOf(NEWLINE, start)
  if (newline < 0 || body.length > RAW_PER_LINE * maxLineBytes || !isUtf8(body)) return undefined
  const isOne = !isJson(body.toString('utf8', start, newline)) && isJson(body.toString('utf8', start))
  return isOne ? asLine(body.subarray(start), maxLineBytes) : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Lines of NDJSON with their numbers from 1; blank ones have none that could count. There is one step, which is changed
 * from line to line: one of its own for each would be as much garbage as the line.
 */
class Ndjson implements Iterable<Step>, Iterator<Step>, Step {
  number = 0
  line: Step['line'] = null
  bytes = 0
  read: ReadLine | null = null
  done = false
  private start = 0
  private readonly isSound: boolean
  private readonly texts: LineTexts | null

  constructor(
    private readonly body: Buffer,
    private readonly maxLineBytes: number,
    private readonly scan: Scan | null,
  ) {
    this.isSound = isUtf8(body)
    this.texts = this.isSound && scan !== null ? new LineTexts(body) : null
  }

  [Symbol.iterator](): this {
    return this
  }

  /** Itself, as the step and as the result that has it. */
  get value(): Step {
    return this
  }

  next(): this {
    const { body, start } = this
    this.done = start >= body.length
    if (this.done) return this
    this.number += 1
    this.read = null
    this.line = null
    const end = this.scanned() ?? this.split()
    this.bytes = end - start
    this.start = end + 1
    return this
  }

  /** Where the line ends that was scanned; null where nobody is sure of it. */
  private scanned(): number | null {
    const { body, start, scan, texts } = this
    if (scan === null || texts === null || !scan.scanner.scan(body, start, scan.latestMs)) return null
    const { end: objectEnd, timestampMs, found } = scan.scanner
    const end = lineEnd(body, objectEnd)
    if (end < 0 || end - start > this.maxLineBytes) return null
    this.read = { number: this.number, line: texts.text(start, objectEnd), timestampMs, found }
    return end
  }

  private split(): number {
    const { body, start } = this
    const newline = body.indexOf(NEWLINE, start)
    const end = newline < 0 ? body.length : newline
    this.line = ndjsonLine(body.subarray(start, end), this.isSound, this.maxLineBytes)
    return end
  }
}

/** How lines are scanned, and the largest timestamp that is taken. */
export interface Scan {
  readonly scanner: ScansLines
  readonly latestMs: number
}

/** Where a line ends that has white space alone from `from` on; -1 when it has something else. */
function lineEnd(body: Buffer, from: number): number {
  let at = from
  while (at < body.length && body[at] !== NEWLINE && isSpace(body[at])) at++
  return at === body.length || body[at] === NEWLINE ? at : -1
}

function ndjsonLine(line: Buffer, sound: boolean, maxLineBytes: number): string | Rejection | null {
  if (line.length > maxLineBytes) return tooLong(line.length, maxLineBytes)
  if (!sound && !isUtf8(line)) return { code: 'invalid_utf8', reason: 'the line is not UTF-8' }
  const start = contentStart(line, 0, line.length)
  return start === line.length ? null : line.toString('utf8', start, contentEnd(line, start))
}

/**
 * Where white space and byte order marks end. White space is what JSON takes for it and nothing else: a line that is
 * taken here is taken by any reader. A mark stands where a file began, also one that was joined to another.
 */
function contentStart(body: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && (isSpace(body[at]) || isMark(body, at))) at += isSpace(body[at]) ? 1 : MARK_BYTES
  return at
}

/** Where they begin again, at the end of a line. */
function contentEnd(line: Buffer, from: number): number {
  let end = line.length
  while (end > from && (isSpace(line[end - 1]) || isMark(line, end - MARK_BYTES))) {
    end -= isSpace(line[end - 1]) ? 1 : MARK_BYTES
  }
  return end
}

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09

const MARK_BYTES = 3
const isMark = (body: Buffer, at: number) => body[at] === 0xef && body[at + 1] === 0xbb && body[at + 2] === 0xbf

/**
 * A JSON value as one line: as it was written, less the white space outside of its texts. Writing it anew would change
 * numbers that a double has not, and could not write what is nested deep.
 */
function asLine(value: Buffer, maxLineBytes: number): string | Rejection {
  const line = Buffer.allocUnsafe(value.length)
  let bytes = 0
  let inString = false
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]!
    if (!inString && isSpace(byte)) continue
    line[bytes++] = byte
    if (byte === QUOTE) inString = !inString
    else if (byte === BACKSLASH && inString) line[bytes++] = value[++at]!
  }
  return bytes > maxLineBytes ? tooLong(bytes, maxLineBytes) : line.toString('utf8', 0, bytes)
}

const tooLong = (bytes: number, maxLineBytes: number): Rejection => ({
  code: 'line_too_long',
  reason: `the line has ${bytes} bytes; at most ${maxLineBytes} are taken`,
})
