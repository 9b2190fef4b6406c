import { AnswerBlock, type AnswerPage, blockEntries, pagesOf, type Remembered, wordsOf } from './answer-block'
import type { Answer } from './log-record'

const BLOCKS = 64 // to twice as many, and more of the largest: a key is looked for in each, some microseconds in all

/** How keys are remembered. */
export interface KeyMemory {
  /** Time in ms for which a key is remembered at least; within a second of it. */
  readonly rememberMs: number
  /** Bytes that keys and answers may take. */
  readonly bytes: number
  /** Digest of a key, in hex, 128 bits at least. What is kept of a key is this alone. */
  readonly digestOf: (key: string) => string
  /** Keys whose text is kept, too: a restart has to find them. */
  readonly isKeptAsText: (key: string) => boolean
}

/** Which answers are in memory, by their number since the log began, and the time that goes by. */
export interface KeySpan {
  /** The oldest that is still remembered. */
  readonly first: number
  /** The next one to come. */
  readonly next: number
  readonly nowMs: number
}

/**
 * The answers that requests have had, by idempotency key, each for a stated time. Nothing is forgotten before its time:
 * where there is no room, `hasRoom` says so and the caller takes no more keys. They lie in blocks of bytes, so that
 * millions of them cost no garbage, and a block goes when the newest in it is past its time.
 */
export class RememberedAnswers {
  private blocks: AnswerBlock[] = []
  private next = 0
  private nowMs = 0
  private readonly entriesPerBlock: number
  /** The same for those that are taken up: an earlier process may have had room for more. */
  private entriesTakenUp: number

  constructor(private readonly memory: KeyMemory) {
    this.entriesPerBlock = blockEntries(memory.bytes / BLOCKS)
    this.entriesTakenUp = this.entriesPerBlock
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.blocks.reduce((bytes, block) => bytes + block.bytes, 0)
  }

  get span(): KeySpan {
    return { first: this.blocks[0]?.first ?? this.next, next: this.next, nowMs: this.nowMs }
  }

  /** Whether another answer may be added: the last one may exceed the limit by the lines that it lists. */
  get hasRoom(): boolean {
    const newest = this.blocks.at(-1)
    const another = newest === undefined || newest.isFull ? AnswerBlock.bytesFor(this.entriesPerBlock) : 0
    return this.blocks.length === 0 || this.bytes + another <= this.memory.bytes
  }

  /** Time until the oldest are forgotten and there is room again, in ms. */
  get roomInMs(): number {
    const oldest = this.blocks[0]
    return oldest === undefined ? 0 : Math.max(0, oldest.newestMs + this.memory.rememberMs - this.nowMs)
  }

  /** Time goes on, and what is past its time is forgotten. It never goes back here. */
  pass(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs)
    while (this.blocks.length > 0 && this.blocks[0]!.newestMs < this.oldestMs) this.blocks.shift()
  }

  /**
   * A new process has another clock. Keys from its future are taken as remembered now, and so are keys of an unknown
   * time.
   */
  begin(nowMs: number): void {
    this.nowMs = nowMs
    for (const block of this.blocks) block.capTimes(nowMs)
    this.pass(nowMs)
  }

  get(key: string): Remembered | undefined {
    const words = wordsOf(this.memory.digestOf(key))
    for (let at = this.blocks.length - 1; at >= 0; at--) {
      const found = this.blocks[at]!.get(words)
      if (found !== undefined) return found.atMs < this.oldestMs ? undefined : found
    }
    return undefined
  }

  /** `atMs` is Infinity where the time is not known: before the next start. */
  add(key: string, answer: Answer, bodyDigest: string | null = null, atMs = this.nowMs): void {
    const entry = { words: wordsOf(this.memory.digestOf(key)), answer, bodyDigest, atMs }
    this.roomForOne(this.entriesPerBlock).add(this.memory.isKeptAsText(key) ? { ...entry, key } : entry)
    this.next += 1
  }

  /** Those from `from` to before `until` that are remembered now, some at a time, however much later they are read. */
  pages(from: number, until: number): Generator<AnswerPage> {
    return pagesOf([...this.blocks], from, until)
  }

  /** Where the pages of a span begin that is to be taken up. */
  restore({ first, next, nowMs }: KeySpan): void {
    this.next = first
    this.nowMs = nowMs
    const bytes = AnswerBlock.bytesFor(next - first)
    this.entriesTakenUp = Math.max(this.entriesPerBlock, blockEntries(bytes / BLOCKS))
  }

  /** Adds those of a page that are in the span, and follow. Throws when some are missing before it. */
  takeUp(page: AnswerPage, span: KeySpan): void {
    const end = Math.min(page.first + page.count, span.next)
    if (end <= this.next) return
    if (page.first > this.next) throw new Error(`the page does not go on at key ${this.next}`)
    const extras = new Map(page.extras)
    for (let place = this.next - page.first; this.next < end; place++) {
      this.roomForOne(this.entriesTakenUp).copy(page, place, extras.get(place))
      this.next += 1
    }
  }

  /** Goes on behind keys that are missing and given up. */
  skipTo(number: number): void {
    this.next = Math.max(this.next, number)
  }

  private get oldestMs(): number {
    return this.nowMs - this.memory.rememberMs
  }

  private roomForOne(entries: number): AnswerBlock {
    const newest = this.blocks.at(-1)
    if (newest !== undefined && !newest.isFull && newest.next === this.next) return newest
    const block = new AnswerBlock(this.next, entries)
    this.blocks.push(block)
    return block
  }
}

/** An answer as older versions wrote it; the oldest did not write the digest of the body. */
export type OldAnswer = readonly [key: string, answer: Answer, bodyDigest?: string | null]

/** The state of admission at a place in the log where nothing is uncut. Infinities are null. */
export interface IntakeSnapshot {
  readonly offset: number
  readonly envelopes: number
  readonly closedMs: number | null
  readonly newestMs: number | null
  /** The answers that are remembered are in files of their own. */
  readonly keys?: KeySpan
  /** In a checkpoint that an older version wrote they were inside, and `keys` was absent. */
  readonly answers?: readonly OldAnswer[]
  readonly openPanes: readonly (readonly [number, number])[]
}
