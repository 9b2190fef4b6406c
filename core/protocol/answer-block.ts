import type { Answer } from './log-record'
import type { Rejections } from './rejections'

const ROW_BYTES = 48
const SLOT_BYTES = 4
const SLOTS_PER_ROW = 2 // half of the slots are free, so that few have to be looked at
const MIN_ENTRIES = 16
const MAX_ENTRIES = 262_144 // a block of 14 MiB: made, and let go of, in a few milliseconds
// of a slot, for a row from 1 to MAX_ENTRIES; the others are bits of the key: most rows need no look
const ROW_BITS = 19
const ROW_MASK = 0x7ffff
const PAGE_ENTRIES = 1_000 // copied in well under a millisecond of the thread that takes events

const EXTRA_BYTES = 200 // an entry of a map, an object and a list
const REJECTION_BYTES = 100 // the object of a rejected line, less its reason

/** Offsets in a row, little-endian. */
const KEY = 0 // 128 bits of the digest of the key
const BODY = 16 // 64 bits of the digest of the body; zero where it is not known
const ACCEPTED = 24
const LATE = 28
const PARTLY_LATE = 32
const AT_S = 36 // seconds, rounded up, so that nothing is forgotten too early; the greatest where it is not known
const HORIZON = 40 // a double; NaN where nothing was closed

const UNKNOWN_S = 0xffffffff

/** Whether a page has as many rows as it says. */
export const isWhole = ({ count, rows }: AnswerPage): boolean => rows.length === count * ROW_BYTES

/** A request that was answered. */
export interface Remembered {
  readonly answer: Answer
  readonly atMs: number
  /** Whether it had this body, of which the SHA-256 in hex is given; unknown counts as yes. */
  readonly hadBody: (bodyDigest: string) => boolean
}

/** What few answers have: lines that were rejected, or a key whose text is kept. */
export type AnswerExtra = Partial<Rejections> & Pick<Answer, 'mayPass'> & { readonly key?: string }

/** Some answers that follow each other. */
export interface AnswerPage {
  /** The number of the first one. */
  readonly first: number
  readonly count: number
  /** A row for each, as it lies in memory. */
  readonly rows: Uint8Array
  /** By place in the page. */
  readonly extras: readonly (readonly [place: number, extra: AnswerExtra])[]
}

/** What is kept of a key: four words of 32 bits. */
export type KeyWords = readonly number[]

/** An answer to be kept. */
export interface NewAnswer {
  readonly words: KeyWords
  readonly answer: Answer
  readonly bodyDigest: string | null
  readonly atMs: number
  /** Where its text is to be kept. */
  readonly key?: string
}

/** How many answers a block of about so many bytes has. */
export function blockEntries(bytes: number): number {
  let entries = MIN_ENTRIES
  while (entries * 2 <= MAX_ENTRIES && AnswerBlock.bytesFor(entries * 2) <= bytes) entries *= 2
  return entries
}

/**
 * Answers by the digest of their key, in a fixed number of rows with a hash table over them. Rows are only added. A
 * digest is spread evenly, so its first word is the place in the table.
 */
export class AnswerBlock {
  private readonly rows: DataView
  private readonly slots: Uint32Array
  private readonly extras = new Map<number, AnswerExtra>()
  private count = 0
  private extraBytes = 0

  constructor(
    readonly first: number,
    private readonly entries: number,
  ) {
    this.rows = new DataView(new ArrayBuffer(entries * ROW_BYTES))
    this.slots = new Uint32Array(entries * SLOTS_PER_ROW)
  }

  static bytesFor(entries: number): number {
    return entries * (ROW_BYTES + SLOTS_PER_ROW * SLOT_BYTES)
  }

  get next(): number {
    return this.first + this.count
  }

  get isFull(): boolean {
    return this.count === this.entries
  }

  get bytes(): number {
    return AnswerBlock.bytesFor(this.entries) + this.extraBytes
  }

  /** When the newest was added: they came in the order of time. */
  get newestMs(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.atMs(this.count - 1)
  }

  /** The newest with this key, of whose digest these are the words. */
  get(words: KeyWords): Remembered | undefined {
    let found: number | undefined
    const tag = tagOf(words[1]!)
    for (let slot = this.slotOf(words[0]!); this.slots[slot] !== 0; slot = this.after(slot)) {
      const value = this.slots[slot]!
      const row = (value & ROW_MASK) - 1
      if (tagOf(value) === tag && this.hasKey(row, words)) found = Math.max(found ?? 0, row)
    }
    return found === undefined ? undefined : this.remembered(found)
  }

  add({ words, answer, bodyDigest, atMs, key }: NewAnswer): void {
    const { accepted, late, partlyLate, horizon, ...rejections } = answer
    const at = this.count * ROW_BYTES
    for (const [index, word] of words.entries()) this.rows.setUint32(at + KEY + index * 4, word, true)
    if (bodyDigest !== null) setBody(this.rows, at, bodyDigest)
    this.rows.setUint32(at + ACCEPTED, accepted, true)
    this.rows.setUint32(at + LATE, late, true)
    this.rows.setUint32(at + PARTLY_LATE, partlyLate, true)
    this.rows.setUint32(at + AT_S, Math.min(UNKNOWN_S, Math.ceil(atMs / 1_000)), true)
    this.rows.setFloat64(at + HORIZON, horizon ?? Number.NaN, true)
    this.addExtra({ ...(rejections.rejected.length > 0 && rejections), ...(key !== undefined && { key }) })
    this.index()
  }

  /** Adds one of a page, by its place there. */
  copy({ rows }: AnswerPage, place: number, extra: AnswerExtra | undefined): void {
    const row = rows.subarray(place * ROW_BYTES, (place + 1) * ROW_BYTES)
    new Uint8Array(this.rows.buffer).set(row, this.count * ROW_BYTES)
    if (extra !== undefined) this.addExtra(extra)
    this.index()
  }

  /** The rows from a number on, as far as a page goes, up to `until`. */
  page(from: number, until: number): AnswerPage {
    const begin = from - this.first
    const end = Math.min(this.count, begin + PAGE_ENTRIES, until - this.first)
    const extras: [number, AnswerExtra][] = []
    for (let row = begin; row < end; row++) {
      const extra = this.extras.get(row)
      if (extra !== undefined) extras.push([row - begin, extra])
    }
    const rows = new Uint8Array(this.rows.buffer).slice(begin * ROW_BYTES, end * ROW_BYTES)
    return { first: from, count: end - begin, rows, extras }
  }

  /** None was added after this time. */
  capTimes(nowMs: number): void {
    const nowS = Math.ceil(nowMs / 1_000)
    for (let row = this.count - 1; row >= 0 && this.atMs(row) > nowS * 1_000; row--)
      this.rows.setUint32(row * ROW_BYTES + AT_S, nowS, true)
  }

  private addExtra(extra: AnswerExtra): void {
    const { rejected = [], key = '' } = extra
    if (Object.keys(extra).length === 0) return
    this.extras.set(this.count, extra)
    this.extraBytes += EXTRA_BYTES + 2 * key.length
    for (const { reason } of rejected) this.extraBytes += REJECTION_BYTES + 2 * reason.length
  }

  /** The row behind the last is one of the block from now on. */
  private index(): void {
    const at = this.count * ROW_BYTES + KEY
    let slot = this.slotOf(this.rows.getUint32(at, true))
    while (this.slots[slot] !== 0) slot = this.after(slot)
    this.count += 1
    this.slots[slot] = (this.rows.getUint32(at + 4, true) & ~ROW_MASK) | this.count
  }

  private slotOf(word: number): number {
    return word % this.slots.length
  }

  private after(slot: number): number {
    return slot + 1 === this.slots.length ? 0 : slot + 1
  }

  private hasKey(row: number, words: KeyWords): boolean {
    return words.every((word, index) => this.rows.getUint32(row * ROW_BYTES + KEY + index * 4, true) === word)
  }

  private atMs(row: number): number {
    return this.rows.getUint32(row * ROW_BYTES + AT_S, true) * 1_000
  }

  private remembered(row: number): Remembered {
    const { rows } = this
    const at = row * ROW_BYTES
    const hadBody = (bodyDigest: string) => hasBody(rows, at, bodyDigest)
    return { answer: answerAt(rows, at, this.extras.get(row)), atMs: this.atMs(row), hadBody }
  }
}

/** The rows of blocks that follow each other, from a number to before another. */
export function* pagesOf(blocks: readonly AnswerBlock[], from: number, until: number): Generator<AnswerPage> {
  for (const block of blocks) {
    for (let at = Math.max(from, block.first); at < Math.min(block.next, until); ) {
      const page = block.page(at, until)
      yield page
      at += page.count
    }
  }
}

/** The answers of a page whose keys were kept as text. */
export function textsIn({ rows, extras }: AnswerPage): { readonly key: string; readonly answer: Answer }[] {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  return extras.flatMap(([place, extra]) =>
    extra.key === undefined ? [] : [{ key: extra.key, answer: answerAt(view, place * ROW_BYTES, extra) }],
  )
}

function answerAt(rows: DataView, at: number, { rejected = [], moreRejected, mayPass }: AnswerExtra = {}): Answer {
  const horizon = rows.getFloat64(at + HORIZON, true)
  return {
    accepted: rows.getUint32(at + ACCEPTED, true),
    late: rows.getUint32(at + LATE, true),
    partlyLate: rows.getUint32(at + PARTLY_LATE, true),
    horizon: Number.isNaN(horizon) ? null : horizon,
    rejected,
    ...(moreRejected !== undefined && { moreRejected }),
    ...(mayPass && { mayPass }),
  }
}

/** The first 128 bits of a digest, which is in hex. */
export function wordsOf(digest: string): KeyWords {
  return [0, 8, 16, 24].map((from) => Number.parseInt(digest.slice(from, from + 8), 16))
}

const tagOf = (word: number): number => word >>> ROW_BITS

function setBody(rows: DataView, at: number, bodyDigest: string): void {
  const [high, low] = wordsOf(bodyDigest)
  rows.setUint32(at + BODY, high!, true)
  rows.setUint32(at + BODY + 4, low!, true)
}

function hasBody(rows: DataView, at: number, bodyDigest: string): boolean {
  const [high, low] = [rows.getUint32(at + BODY, true), rows.getUint32(at + BODY + 4, true)]
  const [askedHigh, askedLow] = wordsOf(bodyDigest)
  return (high === 0 && low === 0) || (high === askedHigh && low === askedLow)
}
