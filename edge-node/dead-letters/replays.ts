import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Answer, LogRecord } from '../../core/protocol/log-record'
import { damagedLine, LineQueue, markOf } from '../disk/line-file'
import { idOf, LineFolder, placeOf } from '../disk/line-folder'
import { InvalidCursor } from '../results/results'
import type { RetentionLimits } from '../results/retention'
import type { WrittenLetter } from './dead-letters'

// corrections and events sent again: each some hundred bytes of memory, so that none is made twice
const MAX_REMEMBERED = 1_000_000
const MAX_FILE_BYTES = 1024 * 1024 // a file goes as a whole, when everything in it is past its retention
const MAX_PAGE_BYTES = 4 * 1024 * 1024 // an answer of a few megabytes

/** Which event: the digest of its envelope and its offset. */
export type EventId = Pick<WrittenLetter, 'digest' | 'offset'>

const correctionSchema = z.object({
  pipeline: z.string(),
  /** Of the pipeline that folded it, which need not be the one of the window. */
  version: z.string(),
  start: z.number(),
  end: z.number(),
  digest: z.string(),
  offset: z.number(),
  /** What the window would have had of this event alone: its keys with the aggregates of one event. */
  rows: z.array(z.looseObject({ key: z.string() })),
  atMs: z.number(),
})

/** What a final window misses of one event. The result of the window stays as it is. */
export type Correction = z.infer<typeof correctionSchema>

const resentSchema = z.object({
  digest: z.string(),
  offset: z.number(),
  /** Closed horizon at which it was taken: it counts in windows that end after it. */
  horizonMs: z.number().nullable(),
  /** The end of its last window; older versions did not say. */
  lastEndMs: z.number().optional(),
})

type Resent = z.infer<typeof resentSchema>

export interface CorrectionPage {
  readonly corrections: readonly Correction[]
  readonly next: string | null
}

/** What came of a dead letter so far. */
export interface Remembered {
  /** Null when the event was not sent again. */
  readonly resentAtMs: number | null
  /** Ends of windows that have a correction of it. */
  readonly corrected: ReadonlySet<number>
}

const NOTHING: Remembered = { resentAtMs: null, corrected: new Set() }

/** What is remembered of an event, and in which file each of it is. */
interface Entry {
  resent: { readonly atMs: number; readonly file: number } | null
  readonly corrected: Map<number, number>
}

/** A request of the log with which an event was sent again. */
export interface RepeatedRequest {
  readonly key: string
  readonly answer: Answer
}

/** The request of a record, when it is such a one. */
export function repeatedBy(record: LogRecord): RepeatedRequest | null {
  if (record.type !== 'request' || record.key === null || !isReplayKey(record.key)) return null
  return { key: record.key, answer: record.answer }
}

/** What was replayed: corrections of final windows (`corrections/`), and which events were sent again (`replays/`). */
export class Replays {
  private readonly remembered = new Map<string, Entry>()
  /** For each file, until when it is needed: the last end of a window that its entries are about. */
  private readonly neededUntilMs = { corrections: new Map<number, number>(), resent: new Map<number, number>() }
  private count = 0
  private readonly correctionQueue: LineQueue
  private readonly resentQueue: LineQueue

  private constructor(
    private readonly corrections: LineFolder,
    private readonly resent: LineFolder,
  ) {
    this.correctionQueue = new LineQueue((lines) => corrections.append(lines, 0))
    this.resentQueue = new LineQueue((lines) => resent.append(lines, 0))
  }

  /**
   * Opens the files of a data folder. An event that was sent again just before a crash may be noted in the log or the
   * files of keys alone: `requests`.
   */
  static async open(
    dataDir: string,
    requests: readonly RepeatedRequest[],
    maxFileBytes = MAX_FILE_BYTES,
  ): Promise<Replays> {
    const corrections = await openFolder(dataDir, 'corrections', maxFileBytes)
    const resent = await openFolder(dataDir, 'replays', maxFileBytes).catch(async (error) => {
      await corrections.close()
      throw error
    })
    const replays = new Replays(corrections, resent)
    for await (const { place, entry } of entriesOf(corrections, correctionSchema))
      replays.noteCorrected(entry, place.file)
    for await (const { place, entry } of entriesOf(resent, resentSchema)) replays.noteResent(entry, place.file)
    for (const { key, answer } of requests) replays.takeUp(key, answer)
    return replays
  }

  /** Bytes of torn appends that were cut off when the files were opened. */
  get tornBytes(): number {
    return this.corrections.tornBytes + this.resent.tornBytes
  }

  /** True when nothing more can be remembered, so that nothing more may be replayed. */
  get full(): boolean {
    return this.count >= MAX_REMEMBERED
  }

  of(event: EventId): Remembered {
    const entry = this.remembered.get(keyOf(event))
    if (entry === undefined) return NOTHING
    return { resentAtMs: entry.resent?.atMs ?? null, corrected: new Set(entry.corrected.keys()) }
  }

  /**
   * The event was taken once more, at this closed horizon (null when nothing was closed), for windows up to the one
   * that ends at `lastEndMs`.
   */
  addResent({ digest, offset }: EventId, horizonMs: number | null, lastEndMs?: number): void {
    const resent = { digest, offset, horizonMs, ...(lastEndMs !== undefined && { lastEndMs }) }
    this.noteResent(resent, this.resent.all.at(-1)!)
    this.resentQueue.push(JSON.stringify(resent))
  }

  /** Adds a correction, unless there is one of this event for this window. */
  addCorrection(correction: Correction): void {
    if (this.of(correction).corrected.has(correction.end)) return
    this.noteCorrected(correction, this.corrections.all.at(-1)!)
    this.correctionQueue.push(JSON.stringify(correction))
  }

  /** Resolves when all that was added is on disk. */
  async flush(): Promise<void> {
    await Promise.all([this.correctionQueue.flush(), this.resentQueue.flush()])
  }

  /** Flushes and closes the files, which it does also when it rejects. */
  async close(): Promise<void> {
    await this.flush().finally(() => Promise.all([this.corrections.close(), this.resent.close()]))
  }

  /**
   * Deletes the oldest files that are past their retention, as far as everything in them is about windows that end at
   * or before `takenBeforeMs`: those are gone, so no replay asks for them again.
   */
  async deleteBefore({ ageMs, bytes }: RetentionLimits, nowMs: number, takenBeforeMs: number): Promise<void> {
    const { corrections, resent, neededUntilMs } = this
    for (const [folder, untilMs] of [
      [corrections, neededUntilMs.corrections],
      [resent, neededUntilMs.resent],
    ] as const) {
      const needed = folder.all.find((file) => (untilMs.get(file) ?? 0) > takenBeforeMs) ?? Number.POSITIVE_INFINITY
      await folder.deleteBefore(nowMs - ageMs, bytes, needed)
    }
    this.forgetBefore(corrections.all[0]!, resent.all[0]!)
  }

  /** Corrections on disk in the order in which they were made. Rejects with InvalidCursor. */
  async page(limit: number, cursor: string | null): Promise<CorrectionPage> {
    const from = cursor === null ? null : placeOf(cursor)
    if (from === undefined) throw new InvalidCursor('the cursor is none that this server gave; start again without it')
    const corrections: Correction[] = []
    let scannedBytes = 0
    for await (const { place, line } of this.corrections.from(from)) {
      if (corrections.length === limit || scannedBytes >= MAX_PAGE_BYTES) return { corrections, next: idOf(place) }
      scannedBytes += line?.length ?? 0
      const entry = parsed(correctionSchema, line)
      if (entry !== null) corrections.push(entry)
    }
    return { corrections, next: null }
  }

  private forgetBefore(correctionFile: number, resentFile: number): void {
    for (const [key, entry] of this.remembered) {
      for (const [end, file] of entry.corrected) {
        if (file < correctionFile && entry.corrected.delete(end)) this.count -= 1
      }
      if (entry.resent !== null && entry.resent.file < resentFile) {
        entry.resent = null
        this.count -= 1
      }
      if (entry.resent === null && entry.corrected.size === 0) this.remembered.delete(key)
    }
    for (const file of this.neededUntilMs.corrections.keys())
      if (file < correctionFile) this.neededUntilMs.corrections.delete(file)
    for (const file of this.neededUntilMs.resent.keys()) if (file < resentFile) this.neededUntilMs.resent.delete(file)
  }

  private takeUp(key: string, answer: Answer): void {
    const [, digest, offset] = REPLAY_KEY.exec(key) ?? []
    if (digest === undefined || answer.accepted === 0) return
    const event = { digest, offset: Number(offset) }
    if (this.of(event).resentAtMs === null) this.addResent(event, answer.horizon)
  }

  private noteResent({ horizonMs, lastEndMs = Number.POSITIVE_INFINITY, ...event }: Resent, file: number): void {
    this.entry(event).resent = { atMs: horizonMs ?? Number.NEGATIVE_INFINITY, file }
    this.needed(this.neededUntilMs.resent, file, lastEndMs)
    this.count += 1
  }

  private noteCorrected({ end, ...event }: Pick<Correction, 'digest' | 'offset' | 'end'>, file: number): void {
    this.entry(event).corrected.set(end, file)
    this.needed(this.neededUntilMs.corrections, file, end)
    this.count += 1
  }

  /** The line may come to lie in the next file, when this one is full; that one is deleted later. */
  private needed(untilMs: Map<number, number>, file: number, endMs: number): void {
    untilMs.set(file, Math.max(untilMs.get(file) ?? Number.NEGATIVE_INFINITY, endMs))
  }

  private entry(event: EventId): Entry {
    const entry = this.remembered.get(keyOf(event)) ?? { resent: null, corrected: new Map<number, number>() }
    this.remembered.set(keyOf(event), entry)
    return entry
  }
}

/** Versions before this one had one file for all. */
async function openFolder(dataDir: string, name: string, maxFileBytes: number): Promise<LineFolder> {
  const folder = join(dataDir, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const first = join(folder, '0000000000000000.ndjson')
  await moveIfThere(`${folder}.ndjson`, first)
  await moveIfThere(markOf(`${folder}.ndjson`), markOf(first))
  return LineFolder.open(folder, maxFileBytes)
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** The idempotency key under which an event is sent again: the same each time, so that it counts once. */
export const replayKey = (event: EventId): string => `replay-${keyOf(event)}`
/**
 * Whether a key is that of a replay. Clients may not use such keys: they would fill the node's memory of its replays.
 */
export const isReplayKey = (key: string): boolean => REPLAY_KEY.test(key)

const REPLAY_KEY = /^replay-([0-9a-f]{64})-(\d{1,16})$/

const keyOf = ({ digest, offset }: EventId): string => `${digest}-${offset}`

/** What the lines of the files say. Throws CannotRecover at one that is damaged: what it says would be done again. */
async function* entriesOf<T>(folder: LineFolder, schema: z.ZodType<T>) {
  for await (const { place, line } of folder.from(null)) {
    const entry = parsed(schema, line)
    if (entry === null) throw damagedLine(folder.pathOf(place.file), place.byte)
    yield { place, entry }
  }
}

function parsed<T>(schema: z.ZodType<T>, line: string | null): T | null {
  if (line === null) return null
  try {
    return schema.parse(JSON.parse(line))
  } catch {
    return null
  }
}
