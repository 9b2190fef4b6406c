/**
 * Admission as the documentation has it (FORMULAS, error codes, README), read without the product: nothing here may
 * import what it is compared with.
 */
import { type Fields, field } from '../../scripts/verify/field'
import { timestampMs, type Unit } from '../../scripts/verify/time'
import { isClosed, type Windowing, windowsOf } from '../../scripts/verify/window'
import { readJsonText, skipSpace } from './json-text'
import type { Outcome, Situation } from './outcome'

/** What the reading knows of a pipeline. */
export interface ReadingPipeline {
  readonly windowing: Windowing
  readonly outOfOrdernessMs: number
  readonly allowedLatenessMs: number
  readonly timestamp: string | ((event: Fields) => unknown)
  readonly unit?: Unit
  readonly key: string | ((event: Fields) => unknown)
  /** What the schema makes of an event; null where it refuses it. */
  readonly schema?: (event: Fields) => Fields | null
  readonly map?: (event: Fields) => readonly Fields[]
  /** What the aggregates read, in their order. */
  readonly values: readonly (readonly ['number' | 'scalar', string])[]
}

/** A line with its number, or why it is none. */
type Line = { readonly number: number } & ({ readonly text: string } | { readonly code: string })
type Refused = { readonly refused: 'invalid_json' | 'too_many_lines' | 'empty_body' }

const LARGEST = 2 ** 970
const LONGEST_KEY = 512
const LISTED = 100
const RAW_PER_LINE = 4
const LEAST_BARE_MS = 100_000_000_000
const SPACE_BYTES = [0x20, 0x09, 0x0d, 0x0a]

/** What becomes of a request at a node that holds no events yet. */
export function outcomeByReading(pipeline: ReadingPipeline, body: Buffer, situation: Situation): Outcome {
  const lines = linesOf(body, situation)
  if ('refused' in lines) return lines
  if (lines.length === 0) return { refused: 'empty_body' }
  return new Admission(pipeline, situation).take(lines)
}

/** "Bodies and lines". */
function linesOf(body: Buffer, situation: Situation): readonly Line[] | Refused {
  const start = afterSpace(body, 0)
  if (body[start] === 0x5b) return elementsOf(utf8(body.subarray(start)), situation)
  if (body[start] === 0x7b && body.length <= RAW_PER_LINE * situation.lineBytes) {
    const text = utf8(body.subarray(start))
    const newline = text?.indexOf('\n') ?? -1
    const whole = text !== null && newline >= 0 && readJsonText(text.slice(0, newline)) === null && readJsonText(text)
    if (whole) return [compactLine(1, whole.compact, situation)]
  }
  return linesOfText(body, situation)
}

function elementsOf(text: string | null, situation: Situation): readonly Line[] | Refused {
  if (text === null) return { refused: 'invalid_json' }
  const lines: Line[] = []
  if (text[skipSpace(text, 1)] === ']') return isOver(text, skipSpace(text, 1)) ? [] : { refused: 'invalid_json' }
  for (let from = 1; ; ) {
    const end = elementEnd(text, from)
    if (text[end] !== ',' && text[end] !== ']') return { refused: 'invalid_json' }
    const line = elementLine(lines.length + 1, text.slice(from, end), situation)
    if (line === null) return { refused: 'invalid_json' }
    if (lines.length === situation.lines) return { refused: 'too_many_lines' }
    lines.push(line)
    if (text[end] === ']') return isOver(text, end) ? lines : { refused: 'invalid_json' }
    from = end + 1
  }
}

const isOver = (text: string, bracket: number) => skipSpace(text, bracket + 1) === text.length

/** Null where it is no JSON, as far as it is read. */
function elementLine(number: number, text: string, situation: Situation): Line | null {
  if (Buffer.byteLength(text) > RAW_PER_LINE * situation.lineBytes) return { number, code: 'line_too_long' }
  const read = readJsonText(text)
  return read === null ? null : compactLine(number, read.compact, situation)
}

/** Where the comma or bracket after an element stands, going by brackets and texts alone. */
function elementEnd(text: string, from: number): number {
  const tokens = /"(?:[^"\\]|\\.)*"|./gs
  tokens.lastIndex = from
  let depth = 0
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [first] = token[0]
    if (token[0] === '"') return text.length
    if (depth === 0 && (first === ',' || first === ']' || first === '}')) return token.index
    if (first === '[' || first === '{') depth += 1
    if (first === ']' || first === '}') depth -= 1
  }
  return text.length
}

const compactLine = (number: number, text: string, { lineBytes }: Situation): Line =>
  Buffer.byteLength(text) > lineBytes ? { number, code: 'line_too_long' } : { number, text }

function linesOfText(body: Buffer, situation: Situation): readonly Line[] | Refused {
  const lines: Line[] = []
  let number = 0
  for (let from = 0; from < body.length; ) {
    const newline = body.indexOf('\n', from)
    const line = body.subarray(from, newline < 0 ? body.length : newline)
    from += line.length + 1
    number += 1
    if (number > situation.lines) return { refused: 'too_many_lines' }
    const read = lineOfText(number, line, situation)
    if (read !== null) lines.push(read)
  }
  const isGarbage = (line: Line) => 'code' in line && line.code !== 'line_too_long'
  return lines.length > 0 && lines.every(isGarbage) ? { refused: 'invalid_json' } : lines
}

/** Null for a blank line. */
function lineOfText(number: number, line: Buffer, { lineBytes }: Situation): Line | null {
  if (line.length > lineBytes) return { number, code: 'line_too_long' }
  const text = utf8(line)
    ?.replace(/^[ \t\r\ufeff]*/, '')
    .replace(/[ \t\r\ufeff]*$/, '')
  if (text === undefined) return { number, code: 'invalid_utf8' }
  if (text === '') return null
  return readJsonText(text) === null ? { number, code: 'invalid_json' } : { number, text }
}

function afterSpace(body: Buffer, from: number): number {
  let at = from
  for (;;) {
    if (SPACE_BYTES.includes(body[at]!)) at += 1
    else if (body.subarray(at, at + 3).toString('hex') === 'efbbbf') at += 3
    else return at
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** "Of lines": codes in the order of the page; then "Time and windows", "Keys" and "Values" of FORMULAS. */
class Admission {
  private readonly taken: string[] = []
  private readonly rejected: [number, string][] = []
  private readonly dead: [number, string][] = []
  private readonly groups = new Map<number, Map<string, number>>()
  private readonly windows = new Map<number, number>()
  private readonly panes = new Set<number>()
  private late = 0
  private partlyLate = 0
  private newestMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly pipeline: ReadingPipeline,
    private readonly situation: Situation,
  ) {}

  take(lines: readonly Line[]): Outcome {
    for (const line of lines) {
      const code = 'code' in line ? line.code : this.line(line.text)
      if (code !== null) this.rejected.push([line.number, code])
    }
    return {
      lines: this.taken,
      late: this.late,
      partlyLate: this.partlyLate,
      rejected: this.rejected.slice(0, LISTED),
      moreRejected: Math.max(0, this.rejected.length - LISTED),
      groups: [...this.groups]
        .sort(([a], [b]) => a - b)
        .map(([start, keys]) => [start, [...keys].sort(([a], [b]) => (a < b ? -1 : 1))]),
      dead: this.dead,
      horizonMs: this.horizonMs(),
    }
  }

  /** Why the line is rejected, or null. */
  private line(text: string): string | null {
    const { pipeline, situation } = this
    const raw = readJsonText(text)!.value
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return 'not_an_object'
    const event = pipeline.schema === undefined ? (raw as Fields) : pipeline.schema(raw as Fields)
    if (event === null) return 'schema'
    const ts = timestampOf(pipeline, event)
    if (typeof ts === 'string') return ts
    if (ts > situation.nowMs + situation.futureSkewMs) return 'timestamp_in_future'
    const key = keyOf(pipeline, event)
    if (pipeline.map === undefined && 'code' in key) return key.code
    return this.place(text, event, ts)
  }

  private place(text: string, event: Fields, ts: number): string | null {
    const { pipeline, situation } = this
    const all = windowsOf(ts, pipeline.windowing)
    const open = all.filter((window) => !isClosed(window, situation.horizonMs))
    if (open.length === 0) {
      this.late += 1
      return null
    }
    const pane = Math.floor(ts / paneMs(pipeline.windowing))
    if (this.panes.size === situation.openPanes && !this.panes.has(pane)) return 'too_many_windows'
    this.panes.add(pane)
    if (open.length < all.length) this.partlyLate += 1
    this.newestMs = Math.max(this.newestMs, ts)
    for (const { start, end } of open) this.windows.set(start, end)
    const keys = contributions(pipeline, event)
    if (typeof keys === 'string') this.dead.push([this.taken.length, keys])
    else for (const key of keys) for (const { start } of open) this.count(start, key)
    this.taken.push(text)
    return null
  }

  private count(start: number, key: string): void {
    const keys = this.groups.get(start) ?? new Map<string, number>()
    this.groups.set(start, keys.set(key, (keys.get(key) ?? 0) + 1))
  }

  /** Where the watermark closes windows next; null when none with events would close. */
  private horizonMs(): number | null {
    const { outOfOrdernessMs, allowedLatenessMs } = this.pipeline
    const horizonMs = Math.min(this.newestMs, this.situation.nowMs) - outOfOrdernessMs - allowedLatenessMs
    return [...this.windows.values()].some((end) => end <= horizonMs) ? horizonMs : null
  }
}

function timestampOf({ timestamp, unit }: ReadingPipeline, event: Fields): number | string {
  const value = ofUser(timestamp, event)
  if (value === undefined || value === null) return 'missing_timestamp'
  if (unit === undefined && typeof value === 'number') {
    const ms = Math.trunc(value)
    if (ms >= 0 && ms < LEAST_BARE_MS) return 'timestamp_unit'
  }
  return timestampMs(value, unit) ?? 'invalid_timestamp'
}

function keyOf({ key }: ReadingPipeline, event: Fields): { text: string } | { code: string } {
  const value = ofUser(key, event)
  if (isUnsafe(value)) return { code: 'unsafe_integer' }
  if (!isScalar(value)) return { code: 'missing_key' }
  const text = typeof value === 'string' ? value : String(value)
  return text.length > LONGEST_KEY ? { code: 'key_too_long' } : { text }
}

/** The keys that an event counts under, or why it is a dead letter: the first that applies, result by result. */
function contributions(pipeline: ReadingPipeline, event: Fields): readonly string[] | string {
  const keys: string[] = []
  for (const mapped of pipeline.map?.(event) ?? [event]) {
    const key = keyOf(pipeline, mapped)
    if ('code' in key) return key.code
    for (const [kind, name] of pipeline.values) {
      const code = valueCode(kind, field(mapped, name))
      if (code !== null) return code
    }
    keys.push(key.text)
  }
  return keys
}

function valueCode(kind: 'number' | 'scalar', value: unknown): string | null {
  if (kind === 'scalar') return isUnsafe(value) ? 'unsafe_integer' : isScalar(value) ? null : 'not_a_scalar'
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'not_a_number'
  return Math.abs(value) > LARGEST ? 'out_of_range' : null
}

const isScalar = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))

const isUnsafe = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value % 1 === 0 && Math.abs(value) > 2 ** 53 - 1

/** A field, or what a function of the user's gives; one that throws has found nothing. */
function ofUser(read: string | ((event: Fields) => unknown), event: Fields): unknown {
  if (typeof read === 'string') return field(event, read)
  try {
    return read(event)
  } catch {
    return undefined
  }
}

/** The longest stretch that lies in a window as a whole or not at all: the greatest common divisor. */
function paneMs({ sizeMs, slideMs }: Windowing): number {
  let [a, b] = [sizeMs, slideMs]
  while (b > 0) [a, b] = [b, a % b]
  return a
}
