// For: events that cannot be folded, and what was replayed of them.
// In: letters of folds; replays of operators.
// Out: the letters for readers, and which events later folds leave out.

import { z } from 'zod'
import { eventOf, timestampMsOf } from '../../core/pipeline/event'
import type { Pipeline } from '../../core/pipeline/pipeline'
import { paneStart, windowEndsOfPane } from '../../core/pipeline/window'
import type { Envelope } from '../../core/protocol/envelope'
import type { DeadLetter } from '../../core/protocol/fold'
import { CannotRecover } from '../disk/disk'
import { LineQueue } from '../disk/line-file'
import { idOf, LineFolder, type Place, placeOf } from '../disk/line-folder'
import { InvalidCursor, type Results } from '../results/results'
import type { RetentionLimits } from '../results/retention'

// small enough to open, to read in a fraction of a second and to move away one by one
const MAX_FILE_BYTES = 16 * 1024 * 1024
// per page: an answer of a few megabytes, also where letters of one code are rare
const MAX_SCANNED_BYTES = 4 * 1024 * 1024

const TAIL_BYTES = 1024 * 1024 // where the newest letters are looked for: a few milliseconds of reading

const writtenSchema = z.object({
  pipeline: z.string(),
  version: z.string(),
  envelope: z.number(),
  /** Digest of the envelope. Digest and offset name one event, also after a log was restored from an old copy. */
  digest: z.string(),
  offset: z.number(),
  timestampMs: z.number(),
  /** The closed horizon when the event was accepted. The event never counted in windows that end at or before it. */
  horizonMs: z.number().nullable(),
  /**
   * Ends of windows that were final already and have the event: only a later fold of its envelope could not. Nearly
   * always empty.
   */
  countedIn: z.array(z.number()),
  code: z.string(),
  reason: z.string(),
  /** The event as it came. */
  line: z.string(),
})

/** A dead letter as its line in the file says it. */
export type WrittenLetter = z.infer<typeof writtenSchema>

/** A dead letter and where it is; `id` is good for as long as its file is not moved away. */
export type ListedLetter = { readonly id: string } & WrittenLetter

/**
 * Some of the letters in the order in which they were written. A page may be empty and not the last: `next` is null in
 * the last.
 */
export interface LetterPage {
  readonly deadLetters: readonly ListedLetter[]
  /** Ids of letters that are damaged on disk; absent when there are none. */
  readonly damaged?: readonly string[]
  readonly next: string | null
}

export interface LetterQuery {
  readonly limit: number
  readonly cursor: string | null
  /** Letters of this code alone. */
  readonly code: string | null
}

/** What the letters need of their files; a simulation has its own. */
export type LetterFiles = Pick<LineFolder, 'all' | 'append' | 'from' | 'linesOf' | 'close'> &
  Partial<Pick<LineFolder, 'tail' | 'deleteBefore' | 'pathOf' | 'tornBytes'>>

/**
 * What the node needs of the dead letters. The optional methods are for a `map` that may answer differently the next
 * time.
 */
export type DeadLetterBook = Pick<DeadLetters, 'add' | 'flush' | 'close'> &
  Partial<Pick<DeadLetters, 'of' | 'forgetBefore'>>

/**
 * Events that could not be folded, each with its original line, as one JSON object a line. They are written before
 * their windows become final. A dead event stays dead when its envelope is folded again after a crash or a recall
 * (`of`). So each is listed once, and what a reader saw stays true.
 */
export class DeadLetters {
  /** By digest of the envelope, while it may be folded again: offsets and codes. */
  private readonly known = new Map<string, Map<number, DeadLetter['code']>>()
  private readonly queue: LineQueue
  private highestOffset: number

  private constructor(
    private readonly pipeline: Pipeline,
    private readonly files: LetterFiles,
    private readonly results: Pick<Results, 'isFinal'>,
  ) {
    this.highestOffset = files.all.at(-1)! - 1
    this.queue = new LineQueue((lines) => files.append(lines, this.highestOffset + 1))
  }

  /**
   * Opens the files of a folder, made when absent. Envelopes with events from `neededOffset` on may be folded again.
   */
  static async open(
    folder: string,
    pipeline: Pipeline,
    results: Pick<Results, 'isFinal'>,
    neededOffset: number,
    maxFileBytes = MAX_FILE_BYTES,
  ): Promise<DeadLetters> {
    return DeadLetters.over(await LineFolder.open(folder, maxFileBytes), pipeline, results, neededOffset)
  }

  /** The same over files that are open. */
  static async over(
    files: LetterFiles,
    pipeline: Pipeline,
    results: Pick<Results, 'isFinal'>,
    neededOffset: number,
  ): Promise<DeadLetters> {
    const letters = new DeadLetters(pipeline, files, results)
    await letters.remember(neededOffset)
    return letters
  }

  /** Bytes of a torn append that were cut off when the files were opened: of letters that nobody had seen. */
  get tornBytes(): number {
    return this.files.tornBytes ?? 0
  }

  /** Adds what a fold of the envelope dead-lettered. */
  add(envelope: Envelope, letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      if (!this.note(envelope.digest, letter)) continue
      this.queue.push(JSON.stringify(this.written(envelope, letter)))
    }
  }

  /** What earlier folds of the envelope dead-lettered, by offset; for `foldEnvelope`. */
  of({ digest }: Pick<Envelope, 'digest'>): ReadonlyMap<number, DeadLetter['code']> | undefined {
    return this.known.get(digest)
  }

  /** Events before this offset are never folded again. */
  forgetBefore(neededOffset: number): void {
    for (const [digest, offsets] of this.known) {
      const [first] = offsets.keys()
      if (first !== undefined && first < neededOffset) this.known.delete(digest)
    }
  }

  /** Deletes files whose letters are past their retention, but none that has events from `neededOffset` on. */
  async deleteBefore({ ageMs, bytes }: RetentionLimits, nowMs: number, neededOffset: number): Promise<void> {
    await this.files.deleteBefore?.(nowMs - ageMs, bytes, neededOffset)
  }

  /**
   * Resolves when all that was added is on disk. After it rejected, with the error of the disk, the next one tries
   * again.
   */
  flush(): Promise<void> {
    return this.queue.flush()
  }

  /** Flushes and closes the file, which it does also when it rejects. */
  async close(): Promise<void> {
    await this.flush().finally(() => this.files.close())
  }

  /** Lists what is on disk. Rejects with InvalidCursor. */
  async page({ limit, cursor, code }: LetterQuery): Promise<LetterPage> {
    const from = cursor === null ? null : placeOf(cursor)
    if (from === undefined) throw new InvalidCursor('the cursor is none that this server gave; start again without it')
    await this.flush().catch(() => undefined) // while the disk refuses, what it has can still be read
    const deadLetters: ListedLetter[] = []
    const damaged: string[] = []
    let scannedBytes = 0
    for await (const { place, line } of this.files.from(from)) {
      const isFull = deadLetters.length + damaged.length === limit
      if (isFull || scannedBytes >= MAX_SCANNED_BYTES) return pageOf(deadLetters, damaged, idOf(place))
      scannedBytes += line?.length ?? 0
      const letter = read(line)
      if (letter === null) damaged.push(idOf(place))
      else if (code === null || letter.code === code) deadLetters.push({ id: idOf(place), ...letter })
    }
    return pageOf(deadLetters, damaged, null)
  }

  /** The newest letters on disk, newest first: as many as lie within the last megabyte, and `limit` at most. */
  async newest(limit: number): Promise<ListedLetter[]> {
    await this.flush().catch(() => undefined)
    const found: { readonly place: Place; readonly line: string | null }[] = []
    for await (const line of this.files.tail?.(TAIL_BYTES) ?? []) {
      found.push(line)
      if (found.length > limit) found.shift()
    }
    return found.reverse().flatMap(({ place, line }) => {
      const letter = read(line)
      return letter === null ? [] : [{ id: idOf(place), ...letter }]
    })
  }

  /** The letter with this id; null when there is none. */
  async find(id: string): Promise<WrittenLetter | null> {
    const place = placeOf(id)
    if (place === undefined) return null
    for await (const { line } of this.files.linesOf(place.file, place.byte)) return read(line)
    return null
  }

  private written({ pipeline, version, number, digest, firstOffset, horizonMs, lines }: Envelope, letter: DeadLetter) {
    const { offset, code, reason } = letter
    const line = lines[offset - firstOffset]!
    const timestampMs = timestampMsOf(this.pipeline, eventOf(this.pipeline, line))
    const where = { pipeline, version, envelope: number, digest, offset }
    const countedIn = this.finalEnds(timestampMs, horizonMs)
    const when = { timestampMs, horizonMs: Number.isFinite(horizonMs) ? horizonMs : null, countedIn }
    return { ...where, ...when, code, reason, line } satisfies WrittenLetter
  }

  /**
   * Windows that are final before the event is dead-lettered for the first time: an earlier fold has counted it there.
   */
  private finalEnds(timestampMs: number, horizonMs: number): number[] {
    const { window } = this.pipeline
    const ends = windowEndsOfPane(window, paneStart(window, timestampMs))
    return ends.filter((endMs) => endMs > horizonMs && this.results.isFinal(endMs - window.sizeMs, endMs))
  }

  /** False when it was known before. */
  private note(digest: string, { offset, code }: Pick<DeadLetter, 'offset' | 'code'>): boolean {
    const offsets = this.known.get(digest) ?? new Map<number, DeadLetter['code']>()
    this.known.set(digest, offsets)
    if (offsets.has(offset)) return false
    offsets.set(offset, code)
    this.highestOffset = Math.max(this.highestOffset, offset)
    return true
  }

  private damaged({ file, byte }: Place): CannotRecover {
    const path = this.files.pathOf?.(file) ?? file
    return new CannotRecover(
      `${path} cannot be read: the dead letter at byte ${byte} is damaged, and its event may be folded again. Restore the file from a copy`,
    )
  }

  private async remember(neededOffset: number): Promise<void> {
    for (const file of this.files.all.toReversed()) {
      for await (const { place, line } of this.files.linesOf(file)) {
        const letter = read(line)
        if (letter === null) throw this.damaged(place)
        this.highestOffset = Math.max(this.highestOffset, letter.offset)
        if (letter.offset >= neededOffset) this.note(letter.digest, letter as DeadLetter & WrittenLetter)
      }
      if (file <= neededOffset) return
    }
  }
}

function pageOf(deadLetters: ListedLetter[], damaged: string[], next: string | null): LetterPage {
  return damaged.length === 0 ? { deadLetters, next } : { deadLetters, damaged, next }
}

/** Null for a line that is damaged. */
function read(line: string | null): WrittenLetter | null {
  if (line === null) return null
  try {
    return writtenSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}
