// For: everything that was accepted, in its order.
// In: records.
// Out: records on disk; at a start, the state that they came to.

import { type FileHandle, mkdir, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogRecord } from '../../core/protocol/log-record'
import { DurableMark } from '../disk/durable-mark'
import { type BucketCounts, Buckets, DISK_BOUNDS_S } from '../observe/histogram'
import { encodeRecord } from './log-codec'
import {
  deleteSegment,
  listSegments,
  openSegment,
  readLines,
  readSegment,
  type Segment,
  segmentPath,
} from './log-files'
import { LogReader, type TornTail } from './log-reader'

const SEGMENT_BYTES = 64 * 1024 * 1024 // small enough to delete one when its windows are final, large enough to be few
const RETRY_MS = 250 // between tries while the disk refuses
// without appends: only what came so shortly before a crash can be taken for torn when it is damaged
const SEAL_AFTER_MS = 200
const MARK_EVERY_MS = 1_000 // under load: a small file once a second costs nothing beside hundreds of flushes

/** The log cannot be written or read. What was answered before is safe. */
export class LogFailed extends Error {
  readonly code = 'log_failed'
  readonly retryable = true
}

/** What the node needs of a log; a simulation has its own. */
export type Log = Pick<
  DurableLog,
  'append' | 'appendNow' | 'flushed' | 'close' | 'healthy' | 'readLines' | 'roll' | 'deleteBefore'
>

export interface OpenedLog {
  readonly log: DurableLog
  /** Bytes of a torn tail that were cut off; nothing of it had been answered. */
  readonly tornBytes: number
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: LogFailed) => void
  /** Rather hears at once that the disk refuses than waits for it. */
  readonly impatient: boolean
}

/** Bytes for one segment. */
interface Batch {
  readonly segment: number
  readonly buffers: Buffer[]
}

/**
 * The append-only log of one node. Appends are durable in the order of the calls; the next flush starts when the last
 * one ends, without a timer, and takes everything that has come since. While the disk refuses, what was appended waits
 * in order and is written when there is room again.
 */
export class DurableLog {
  private batches: Batch[] = []
  /** Those of the flush in progress, and those of the next one. */
  private served: Waiter[] = []
  private waiters: Waiter[] = []
  private flushing = false
  private readonly flushes = new Buckets(DISK_BOUNDS_S)
  private failure: LogFailed | null = null
  private closed = false
  /** Where the next append goes. */
  private appendBytes: number
  private nextOffset: number
  /** Where the file is open, and how much of it is sound. */
  private openNumber: number
  private soundBytes: number

  private nextNumber: number
  /** Number of the first record that the next flush takes. */
  private flushFirst: number | null = null
  private sealTimer: NodeJS.Timeout | undefined
  /** The newest record is a seal: nothing has come since. */
  private isSealed = false
  private markedAtMs = Number.NEGATIVE_INFINITY

  private constructor(
    private readonly folder: string,
    private handle: FileHandle,
    private readonly segments: Segment[],
    private readonly mark: DurableMark,
    { soundBytes, nextOffset, nextNumber }: { soundBytes: number; nextOffset: number; nextNumber: number },
  ) {
    this.openNumber = segments.at(-1)!.number
    this.appendBytes = soundBytes
    this.soundBytes = soundBytes
    this.nextOffset = nextOffset
    this.nextNumber = nextNumber
  }

  /**
   * Opens the log of a folder, made when absent, and reads it from `fromSegment` on: the one that the checkpoint goes
   * on from, 0 without one. Rejects with CannotRecover when anything that had been durable is damaged or missing, and
   * with what `onRecord` throws, which hears of each record as it is read.
   */
  static async open(
    folder: string,
    fromSegment = 0,
    onRecord: (record: LogRecord) => void = () => {},
  ): Promise<OpenedLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const mark = new DurableMark(`${folder}.mark`)
    const reader = await readLog(folder, fromSegment, onRecord, mark)
    const { torn, nextNumber, offset: nextOffset } = reader
    if (torn !== null) await cutOff(folder, torn)
    const segments: Segment[] = [...reader.segments]
    const last = reader.segments.at(-1)
    const isNew = last === undefined || last.isOld
    if (isNew) segments.push({ number: last === undefined ? 0 : last.number + 1, firstOffset: nextOffset })
    const soundBytes = isNew ? 0 : last.soundBytes
    const handle = await openSegment(folder, segments.at(-1)!.number)
    const log = new DurableLog(folder, handle, segments, mark, { soundBytes, nextOffset, nextNumber })
    if (isNew) log.push({ type: 'segment', firstOffset: nextOffset })
    return { log, tornBytes: torn?.bytes ?? 0 }
  }

  /** False while the disk refuses, and after `close`. */
  get healthy(): boolean {
    return this.failure === null && !this.closed
  }

  /** How long flushes took, from the first try until the disk had it. */
  flushCounts(): BucketCounts {
    return this.flushes.read()
  }

  /**
   * Appends records in this order; resolves when all of them are on disk. While the disk refuses it waits; rejects with
   * LogFailed once closed.
   */
  append(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.flushed()
  }

  /**
   * Like `append`, but rejects with LogFailed as soon as the disk refuses. The records keep their place and are written
   * when it does no more.
   */
  appendNow(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.failure === null ? this.wait(true) : Promise.reject(this.failure)
  }

  private enqueue(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (this.appendBytes >= SEGMENT_BYTES) this.roll()
      this.push(record)
      if (record.type === 'request') this.nextOffset = record.firstOffset + record.lines.length
    }
  }

  /** Resolves when everything appended so far is on disk. */
  flushed(): Promise<void> {
    return this.wait(false)
  }

  /** Begins a new segment and returns its number: everything appended from now on is in it or after it. */
  roll(): number {
    const number = this.segments.at(-1)!.number + 1
    this.segments.push({ number, firstOffset: this.nextOffset })
    this.appendBytes = 0
    this.flushFirst = null // the segment before it is on disk before anything of this one is written
    this.push({ type: 'segment', firstOffset: this.nextOffset })
    return number
  }

  /** The lines of events in the log. Rejects when their segment was deleted. */
  async readLines(firstOffset: number, count: number): Promise<string[]> {
    return readLines(this.folder, this.segments, firstOffset, count)
  }

  /** Deletes the segments before `segment` that hold no event from `firstOffset` on. */
  async deleteBefore(segment: number, firstOffset: number): Promise<void> {
    while (this.segments.length > 1) {
      const [oldest, next] = this.segments
      if (oldest!.number >= segment || next!.firstOffset > firstOffset) return
      this.segments.shift()
      await deleteSegment(this.folder, oldest!.number)
    }
  }

  /** Flushes what waits, if the disk takes it, and closes the file. */
  async close(): Promise<void> {
    clearTimeout(this.sealTimer)
    if (this.failure === null) await this.seal()
    this.closed = true
    for (const { reject } of [...this.served.splice(0), ...this.waiters.splice(0)]) reject(this.closedError())
    await this.handle.close()
  }

  private wait(impatient: boolean): Promise<void> {
    if (this.closed) return Promise.reject(this.closedError())
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject, impatient })
      if (!this.flushing) void this.flush()
    })
  }

  private push(record: LogRecord): void {
    this.flushFirst ??= this.nextNumber
    const buffer = encodeRecord(record, { number: this.nextNumber, flushFirst: this.flushFirst })
    this.nextNumber += 1
    this.isSealed = record.type === 'seal'
    const segment = this.segments.at(-1)!.number
    const last = this.batches.at(-1)
    if (last?.segment === segment) last.buffers.push(buffer)
    else this.batches.push({ segment, buffers: [buffer] })
    this.appendBytes += buffer.length
  }

  private async flush(): Promise<void> {
    this.flushing = true
    await null // so that appends of the same turn share the flush
    while (this.waiters.length > 0 && !this.closed) {
      this.served = this.waiters
      this.waiters = []
      const batches = this.batches
      this.batches = []
      this.flushFirst = null
      const durableNumber = this.nextNumber - 1
      const startMs = performance.now()
      for (const batch of batches) await this.writeUntilDone(batch)
      if (this.closed) break
      this.flushes.record(performance.now() - startMs)
      for (const { resolve } of this.served.splice(0)) resolve()
      this.markDurable(durableNumber)
    }
    this.flushing = false
    this.sealLater()
  }

  /**
   * Appends a seal once nothing has come for a while. With a seal behind them, damaged records cannot be taken for a
   * torn tail.
   */
  private sealLater(): void {
    clearTimeout(this.sealTimer)
    if (this.isSealed || this.closed) return
    this.sealTimer = setTimeout(() => void this.seal(), SEAL_AFTER_MS)
    this.sealTimer.unref()
  }

  private async seal(): Promise<void> {
    if (!this.isSealed) this.push({ type: 'seal' })
    const sealed = this.nextNumber - 1 // what is appended while this waits is not on disk when it ends
    await this.wait(true).then(
      () => this.mark.write(sealed),
      () => undefined,
    )
  }

  private markDurable(number: number): void {
    const nowMs = performance.now()
    if (nowMs - this.markedAtMs < MARK_EVERY_MS) return
    this.markedAtMs = nowMs
    void this.mark.write(number)
  }

  private async writeUntilDone(batch: Batch): Promise<void> {
    while (!this.closed) {
      try {
        await this.write(batch)
        this.failure = null
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message : error
        this.fail(new LogFailed(`the log in ${this.folder} cannot be written: ${reason}`))
        await sleep(RETRY_MS)
      }
    }
  }

  private async write({ segment, buffers }: Batch): Promise<void> {
    if (segment !== this.openNumber) {
      const handle = await openSegment(this.folder, segment)
      await this.handle.close()
      this.handle = handle
      this.openNumber = segment
      this.soundBytes = 0
    }
    // A write that failed half-way may have left a part of the batch.
    if (this.failure !== null) await this.handle.truncate(this.soundBytes)
    const whole = Buffer.concat(buffers)
    for (let at = 0; at < whole.length; ) at += (await this.handle.write(whole, at)).bytesWritten
    await this.handle.datasync()
    this.soundBytes += whole.length
  }

  private fail(failure: LogFailed): void {
    this.failure = failure
    for (const { reject, impatient } of [...this.served, ...this.waiters]) if (impatient) reject(failure)
    this.served = this.served.filter(({ impatient }) => !impatient)
    this.waiters = this.waiters.filter(({ impatient }) => !impatient)
  }

  private closedError(): LogFailed {
    return new LogFailed(`the log in ${this.folder} is closed`)
  }
}

/** Reads the log of a folder, record by record, and changes nothing. Rejects with CannotRecover. */
export async function readLog(
  folder: string,
  fromSegment: number,
  onRecord: (record: LogRecord) => void,
  mark = new DurableMark(`${folder}.mark`),
): Promise<LogReader> {
  const reader = new LogReader(fromSegment, (segment) => segmentPath(folder, segment), onRecord)
  const numbers = await listSegments(folder)
  for (const number of numbers) reader.take(number, await readSegment(folder, number), number === numbers.at(-1))
  reader.end(await mark.read())
  return reader
}

/**
 * Cuts off a torn tail. A segment that was torn while it was made is removed: what is appended to it would not be
 * found.
 */
async function cutOff(folder: string, { segment, fromByte }: TornTail): Promise<void> {
  if (fromByte === 0) await deleteSegment(folder, segment)
  else await truncate(segmentPath(folder, segment), fromByte)
}
