import { type FileHandle, mkdir, open, readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogRecord } from '../core/log-record'
import { decodeRecords, encodeRecord } from './log-codec'

const SEGMENT_BYTES = 64 * 1024 * 1024 // small enough to delete one when its windows are final, large enough to be few

/** The log cannot be written. What was answered before is safe; nothing more can be accepted until the disk is well again. */
export class LogFailed extends Error {
  readonly code = 'log_failed'
  readonly retryable = true
}

/** What the node needs of a log; a simulation has its own. */
export type Log = Pick<DurableLog, 'append' | 'flushed' | 'close' | 'healthy'>

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: LogFailed) => void
}

/**
 * The append-only log of one node. Appends are durable in the order of the calls; the next flush starts when the last one ends, without a timer,
 * and takes everything that has come since.
 */
export class DurableLog {
  private buffers: Buffer[] = []
  private waiters: Waiter[] = []
  private flushing = false
  private failure: LogFailed | null = null

  private constructor(
    private readonly folder: string,
    private handle: FileHandle,
    private segment: number,
    private segmentBytes: number,
  ) {}

  /**
   * Opens the log of a folder, made when absent. Returns the records that it holds, and how many bytes of a torn tail were cut off.
   * Rejects when a segment before the last is damaged: that is no torn tail, and what it held is lost.
   */
  static async open(folder: string): Promise<{ log: DurableLog; records: LogRecord[]; tornBytes: number }> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()
    const records: LogRecord[] = []
    let tornBytes = 0
    let lastBytes = 0
    for (const name of names) {
      const bytes = await readFile(join(folder, name))
      const sound = decodeRecords(bytes)
      tornBytes = bytes.length - sound.soundBytes
      lastBytes = sound.soundBytes
      if (tornBytes > 0 && name !== names.at(-1)) {
        throw new LogFailed(`${join(folder, name)} is damaged at byte ${sound.soundBytes}; restore it from a copy`)
      }
      for (const record of sound.records) records.push(record)
    }
    const last = names.at(-1)
    if (last !== undefined && tornBytes > 0) await truncate(join(folder, last), lastBytes)
    const segment = last === undefined ? 0 : Number.parseInt(last, 10)
    const handle = await openSegment(folder, segment)
    return { log: new DurableLog(folder, handle, segment, lastBytes), records, tornBytes }
  }

  /** False after a write failed. */
  get healthy(): boolean {
    return this.failure === null
  }

  /** Appends records in this order; resolves when all of them are on disk. Rejects with LogFailed. */
  append(records: readonly LogRecord[]): Promise<void> {
    for (const record of records) this.buffers.push(encodeRecord(record))
    return this.flushed()
  }

  /** Resolves when everything appended so far is on disk. Rejects with LogFailed. */
  flushed(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject })
      if (!this.flushing) void this.flush()
    })
  }

  /** Flushes what waits and closes the file, which it does also when it rejects with LogFailed. */
  async close(): Promise<void> {
    try {
      await this.flushed()
    } finally {
      await this.handle.close()
    }
  }

  private async flush(): Promise<void> {
    this.flushing = true
    await null // so that appends of the same turn share the flush
    while (this.waiters.length > 0) {
      const [buffers, waiters] = [this.buffers, this.waiters]
      this.buffers = []
      this.waiters = []
      try {
        if (this.failure !== null) throw this.failure
        if (buffers.length > 0) await this.write(buffers)
        for (const { resolve } of waiters) resolve()
      } catch (error) {
        this.failure ??= new LogFailed(
          `the log in ${this.folder} cannot be written: ${error instanceof Error ? error.message : error}`,
        )
        for (const { reject } of waiters) reject(this.failure)
      }
    }
    this.flushing = false
  }

  private async write(buffers: readonly Buffer[]): Promise<void> {
    if (this.segmentBytes >= SEGMENT_BYTES) await this.roll()
    await writeAll(this.handle, buffers)
    await this.handle.datasync()
    for (const { length } of buffers) this.segmentBytes += length
  }

  private async roll(): Promise<void> {
    await this.handle.close()
    this.segment += 1
    this.segmentBytes = 0
    this.handle = await openSegment(this.folder, this.segment)
  }
}

async function openSegment(folder: string, segment: number): Promise<FileHandle> {
  const handle = await open(join(folder, `${String(segment).padStart(12, '0')}.log`), 'a', 0o600)
  const directory = await open(folder, 'r')
  await directory.sync() // the name of a new segment is durable before anything in it counts
  await directory.close()
  return handle
}

async function writeAll(handle: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  const whole = Buffer.concat(buffers)
  for (let at = 0; at < whole.length; ) at += (await handle.write(whole, at)).bytesWritten
}
