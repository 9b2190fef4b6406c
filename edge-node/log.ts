import { type FileHandle, mkdir, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogRecord } from '../core/log-record'
import { type BucketCounts, Buckets, DISK_BOUNDS_S } from './buckets'
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

const SEGMENT_BYTES = 64 * 1024 * 1024 // small enough to delete one when its windows are final, large enough to be few
const RETRY_MS = 250 // between tries while the disk refuses

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

/** What the log holds from a segment on. */
export interface OpenedLog {
  readonly log: DurableLog
  readonly records: readonly LogRecord[]
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
 * The append-only log of one node. Appends are durable in the order of the calls; the next flush starts when the last one ends, without a timer,
 * and takes everything that has come since. While the disk refuses, what was appended waits in order and is written when there is room again.
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

  private constructor(
    private readonly folder: string,
    private handle: FileHandle,
    private readonly segments: Segment[],
    soundBytes: number,
    nextOffset: number,
  ) {
    this.openNumber = segments.at(-1)!.number
    this.appendBytes = soundBytes
    this.soundBytes = soundBytes
    this.nextOffset = nextOffset
  }

  /**
   * Opens the log of a folder, made when absent, and reads it from `fromSegment` on. Rejects with LogFailed when a segment before the last is damaged:
   * that is no torn tail, and what it held is lost.
   */
  static async open(folder: string, fromSegment = 0): Promise<OpenedLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { segments, unmadeBytes } = await soundSegments(folder)
    const records: LogRecord[] = []
    let [tornBytes, soundBytes, nextOffset] = [0, 0, segments.at(-1)?.firstOffset ?? 0]
    for (const { number } of segments.filter((segment) => segment.number >= fromSegment)) {
      const read = await readSegment(folder, number)
      tornBytes = read.bytes - read.soundBytes
      soundBytes = read.soundBytes
      if (tornBytes > 0 && number !== segments.at(-1)!.number) {
        throw new LogFailed(`${segmentPath(folder, number)} is damaged at byte ${soundBytes}; restore it from a copy`)
      }
      for (const record of read.records) {
        records.push(record)
        if (record.type === 'request') nextOffset = record.firstOffset + record.lines.length
      }
    }
    const last = segments.at(-1)
    if (last !== undefined && tornBytes > 0) await truncate(segmentPath(folder, last.number), soundBytes)
    const number = last?.number ?? 0
    if (last === undefined) segments.push({ number, firstOffset: 0 })
    const log = new DurableLog(folder, await openSegment(folder, number), segments, soundBytes, nextOffset)
    if (soundBytes === 0) log.push(encodeRecord({ type: 'segment', firstOffset: nextOffset }))
    return { log, records, tornBytes: tornBytes + unmadeBytes }
  }

  /** False while the disk refuses, and after `close`. */
  get healthy(): boolean {
    return this.failure === null && !this.closed
  }

  /** How long flushes took, from the first try until the disk had it. */
  flushCounts(): BucketCounts {
    return this.flushes.read()
  }

  /** Appends records in this order; resolves when all of them are on disk. While the disk refuses it waits; rejects with LogFailed once closed. */
  append(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.flushed()
  }

  /** Like `append`, but rejects with LogFailed as soon as the disk refuses. The records keep their place and are written when it does no more. */
  appendNow(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.failure === null ? this.wait(true) : Promise.reject(this.failure)
  }

  private enqueue(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (this.appendBytes >= SEGMENT_BYTES) this.roll()
      this.push(encodeRecord(record))
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
    this.push(encodeRecord({ type: 'segment', firstOffset: this.nextOffset }))
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
    if (this.failure === null) await this.wait(true).catch(() => undefined)
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

  private push(buffer: Buffer): void {
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
      const startMs = performance.now()
      for (const batch of batches) await this.writeUntilDone(batch)
      if (this.closed) break
      this.flushes.record(performance.now() - startMs)
      for (const { resolve } of this.served.splice(0)) resolve()
    }
    this.flushing = false
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

/**
 * The segments of a folder, less a last one that was torn while it was made, which is deleted: appending to it would hide what is appended.
 * Rejects with LogFailed when another has no sound beginning.
 */
async function soundSegments(folder: string): Promise<{ readonly segments: Segment[]; readonly unmadeBytes: number }> {
  const segments: Segment[] = []
  const found = await listSegments(folder)
  for (const { number, firstOffset } of found) {
    const path = segmentPath(folder, number)
    if (firstOffset !== null) segments.push({ number, firstOffset })
    else if (number !== found.at(-1)!.number)
      throw new LogFailed(`${path} is damaged at byte 0; restore it from a copy`)
    else {
      const { bytes } = await readSegment(folder, number)
      await deleteSegment(folder, number)
      return { segments, unmadeBytes: bytes }
    }
  }
  return { segments, unmadeBytes: 0 }
}
