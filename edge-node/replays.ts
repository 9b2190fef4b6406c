import { join } from 'node:path'
import { z } from 'zod'
import type { Answer, LogRecord } from '../core/log-record'
import type { Checkpoint } from './checkpoints'
import type { WrittenLetter } from './dead-letters'
import { LineFile, readLines } from './line-file'
import { LineQueue } from './line-queue'
import { InvalidCursor } from './results'

const MAX_REMEMBERED = 1_000_000 // corrections and events sent again: each some hundred bytes of memory, so that none is made twice
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
  readonly corrected: ReadonlySet<number>
}

const NOTHING: Remembered = { resentAtMs: null, corrected: new Set() }

/** A request of the log with which an event was sent again. */
export interface RepeatedRequest {
  readonly key: string
  readonly answer: Answer
}

/** The request of a record, when it is such a one. */
export function repeatedBy(record: LogRecord): RepeatedRequest | null {
  if (record.type !== 'request' || record.key === null || !REPLAY_KEY.test(record.key)) return null
  return { key: record.key, answer: record.answer }
}

/** What was replayed: corrections of final windows (`corrections.ndjson`), and which events were sent again (`replays.ndjson`). */
export class Replays {
  private readonly remembered = new Map<string, { resentAtMs: number | null; readonly corrected: Set<number> }>()
  private count = 0
  private readonly correctionQueue: LineQueue
  private readonly resentQueue: LineQueue

  private constructor(
    private readonly corrections: LineFile,
    private readonly resent: LineFile,
  ) {
    this.correctionQueue = new LineQueue((lines) => corrections.append(lines))
    this.resentQueue = new LineQueue((lines) => resent.append(lines))
  }

  /** Opens the files of a folder. An event that was sent again just before a crash may be noted in the log and its checkpoint alone. */
  static async open(
    folder: string,
    requests: readonly RepeatedRequest[],
    checkpoint: Pick<Checkpoint, 'intake'> | null,
  ): Promise<Replays> {
    const corrections = await LineFile.open(join(folder, 'corrections.ndjson'))
    const resent = await LineFile.open(join(folder, 'replays.ndjson')).catch(async (error) => {
      await corrections.close()
      throw error
    })
    const replays = new Replays(corrections, resent)
    for await (const { entry } of entriesOf(corrections, correctionSchema)) replays.noteCorrected(entry)
    for await (const { entry } of entriesOf(resent, resentSchema)) replays.noteResent(entry)
    for (const [key, answer] of checkpoint?.intake.answers ?? []) replays.takeUp(key, answer)
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
    return this.remembered.get(keyOf(event)) ?? NOTHING
  }

  /** The event was taken once more, at this closed horizon; null when nothing was closed. */
  addResent({ digest, offset }: EventId, horizonMs: number | null): void {
    const resent = { digest, offset, horizonMs }
    this.noteResent(resent)
    this.resentQueue.push(JSON.stringify(resent))
  }

  /** Adds a correction, unless there is one of this event for this window. */
  addCorrection(correction: Correction): void {
    if (this.of(correction).corrected.has(correction.end)) return
    this.noteCorrected(correction)
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

  /** Corrections on disk in the order in which they were made. Rejects with InvalidCursor. */
  async page(limit: number, cursor: string | null): Promise<CorrectionPage> {
    if (cursor !== null && !/^\d{1,15}$/.test(cursor))
      throw new InvalidCursor('the cursor is none that this server gave; start again without it')
    const from = Number(cursor ?? 0)
    const corrections: Correction[] = []
    for await (const { at, entry } of entriesOf(this.corrections, correctionSchema, from)) {
      if (corrections.length === limit || at - from >= MAX_PAGE_BYTES) return { corrections, next: String(at) }
      corrections.push(entry)
    }
    return { corrections, next: null }
  }

  private takeUp(key: string, answer: Answer): void {
    const [, digest, offset] = REPLAY_KEY.exec(key) ?? []
    if (digest === undefined || answer.accepted === 0) return
    const event = { digest, offset: Number(offset) }
    if (this.of(event).resentAtMs === null) this.addResent(event, answer.horizon)
  }

  private noteResent({ horizonMs, ...event }: Resent): void {
    this.entry(event).resentAtMs = horizonMs ?? Number.NEGATIVE_INFINITY
    this.count += 1
  }

  private noteCorrected({ end, ...event }: Pick<Correction, 'digest' | 'offset' | 'end'>): void {
    this.entry(event).corrected.add(end)
    this.count += 1
  }

  private entry(event: EventId) {
    const entry = this.remembered.get(keyOf(event)) ?? { resentAtMs: null, corrected: new Set<number>() }
    this.remembered.set(keyOf(event), entry)
    return entry
  }
}

/** The idempotency key under which an event is sent again: the same each time, so that it counts once. */
export const replayKey = (event: EventId): string => `replay-${keyOf(event)}`
const REPLAY_KEY = /^replay-([0-9a-f]{64})-(\d{1,16})$/

const keyOf = ({ digest, offset }: EventId): string => `${digest}-${offset}`

/** What the lines of a file say. They were sound when the file was opened; one that has rotted since is passed over. */
async function* entriesOf<T>(file: LineFile, schema: z.ZodType<T>, from = 0) {
  for await (const { at, line } of readLines(file.path, from, file.soundBytes)) {
    const entry = parsed(schema, line)
    if (entry !== null) yield { at, entry }
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
