import type { LogRecord } from '../../../core/protocol/log-record'
import { type Log, LogFailed } from '../../../edge-node/log/log'
import { decodeRecords, encodeRecord } from '../../../edge-node/log/log-codec'
import type { SimDisk } from './disk'
import type { SimProcess } from './process'

const RETRY_MS = 250 // between tries while the disk is full
const SEAL_AFTER_MS = 200 // without appends
const MARK_EVERY_MS = 1_000
const SEGMENT_BYTES = 3_000 // so small that a world has several

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: LogFailed) => void
  readonly impatient: boolean
}

interface Segment {
  readonly number: number
  readonly firstOffset: number
}

interface Append {
  readonly segment: number
  readonly record: LogRecord
  readonly bytes: Buffer
}

/**
 * The durable log of one boot over the simulated disk, with the group commit of the real one: a flush takes all that
 * came since the last.
 */
export class SimLog implements Log {
  private readonly segments: Segment[]
  private segmentBytes: number
  private nextOffset: number
  private appends: Append[] = []
  private writing: readonly Append[] = []
  private waiters: Waiter[] = []
  private served: Waiter[] = []
  private flushing = false
  private failure: LogFailed | null = null
  private closed = false
  private nextNumber: number
  private flushFirst: number | null = null
  private unseal = () => {}
  private isSealed = false
  private markedAtMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly process: SimProcess,
    private readonly disk: SimDisk,
    private readonly delayMs: () => number,
    private readonly onAppend: (record: LogRecord) => void,
  ) {
    this.nextOffset = disk.history.events
    this.nextNumber = disk.nextNumber
    this.segments = disk.segments.map(({ number, bytes }) => ({ number, firstOffset: firstOffsetOf(bytes) }))
    this.segmentBytes = disk.segments.at(-1)?.bytes.length ?? 0
    if (this.segments.length === 0) this.begin(0)
  }

  get healthy(): boolean {
    return this.failure === null && !this.closed
  }

  append(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.flushed()
  }

  appendNow(records: readonly LogRecord[]): Promise<void> {
    this.enqueue(records)
    return this.failure === null ? this.wait(true) : Promise.reject(this.failure)
  }

  flushed(): Promise<void> {
    return this.wait(false)
  }

  roll(): number {
    return this.begin(this.segments.at(-1)!.number + 1)
  }

  async readLines(firstOffset: number, count: number): Promise<string[]> {
    await this.process.sleep(this.delayMs())
    return this.disk.linesOf(firstOffset, count)
  }

  async deleteBefore(segment: number, firstOffset: number): Promise<void> {
    while (this.segments.length > 1) {
      const [oldest, next] = this.segments
      if (oldest!.number >= segment || next!.firstOffset > firstOffset) return
      this.segments.shift()
      await this.process.sleep(1)
      this.disk.deleteSegment(oldest!.number)
    }
  }

  async close(): Promise<void> {
    if (this.failure === null) await this.wait(true).catch(() => undefined)
    this.closed = true
    const error = new LogFailed('the log is closed')
    for (const { reject } of [...this.served.splice(0), ...this.waiters.splice(0)]) reject(error)
  }

  /** What a crash may find on disk or not. */
  pending(): (readonly [segment: number, bytes: Buffer])[] {
    return [...this.writing, ...this.appends].map(({ segment, bytes }) => [segment, bytes])
  }

  private enqueue(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (this.segmentBytes >= SEGMENT_BYTES) this.roll()
      this.onAppend(record)
      this.push(record)
      if (record.type === 'request') this.nextOffset += record.lines.length
    }
  }

  private begin(number: number): number {
    this.segments.push({ number, firstOffset: this.nextOffset })
    this.segmentBytes = 0
    this.flushFirst = null
    this.push({ type: 'segment', firstOffset: this.nextOffset })
    return number
  }

  private push(record: LogRecord): void {
    this.flushFirst ??= this.nextNumber
    const bytes = encodeRecord(record, { number: this.nextNumber++, flushFirst: this.flushFirst })
    this.isSealed = record.type === 'seal'
    this.appends.push({ segment: this.segments.at(-1)!.number, record, bytes })
    this.segmentBytes += bytes.length
  }

  private wait(impatient: boolean): Promise<void> {
    if (this.closed) return Promise.reject(new LogFailed('the log is closed'))
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject, impatient })
      if (!this.flushing) void this.flush()
    })
  }

  private async flush(): Promise<void> {
    this.flushing = true
    await null // so that appends of the same turn share the flush
    while (this.waiters.length > 0 && !this.closed) {
      this.served = this.waiters
      this.waiters = []
      this.writing = this.appends
      this.appends = []
      this.flushFirst = null
      const durableNumber = this.nextNumber - 1
      await this.writeUntilDone()
      if (this.closed) break
      this.markDurable(durableNumber)
      for (const { resolve } of this.served.splice(0)) resolve()
    }
    this.flushing = false
    this.sealLater()
  }

  /** As the real one does: now and then, and when the log is sealed. */
  private markDurable(number: number): void {
    const { nowMs } = this.process.timeline
    if (!this.isSealed && nowMs - this.markedAtMs < MARK_EVERY_MS) return
    this.markedAtMs = nowMs
    this.disk.durableNumber = number
  }

  private sealLater(): void {
    this.unseal()
    if (this.isSealed || this.closed) return
    this.unseal = this.process.after(SEAL_AFTER_MS, () => {
      if (this.isSealed || this.closed || this.failure !== null) return
      this.push({ type: 'seal' })
      this.wait(true).catch(() => undefined)
    })
  }

  private async writeUntilDone(): Promise<void> {
    await this.process.sleep(this.delayMs())
    while (this.disk.full && !this.closed) {
      this.fail(new LogFailed('the log cannot be written: the disk is full'))
      await this.process.sleep(RETRY_MS)
    }
    if (this.closed) return
    this.failure = null
    for (const { segment, bytes } of this.writing) this.disk.write(segment, bytes)
    this.disk.history.add(this.writing.map(({ record }) => record))
    this.writing = []
  }

  private fail(failure: LogFailed): void {
    this.failure = failure
    for (const { reject, impatient } of [...this.served, ...this.waiters]) if (impatient) reject(failure)
    this.served = this.served.filter(({ impatient }) => !impatient)
    this.waiters = this.waiters.filter(({ impatient }) => !impatient)
  }
}

function firstOffsetOf(bytes: Buffer): number {
  const first = decodeRecords(bytes).records[0]
  if (first?.type !== 'segment') throw new Error('a segment without a beginning')
  return first.firstOffset
}
