import type { LogRecord } from '../../core/log-record'
import { type Log, LogFailed } from '../../edge-node/log'
import { encodeRecord } from '../../edge-node/log-codec'
import type { PendingWrite, SimDisk } from './disk'
import type { SimProcess } from './process'
import type { Random } from './random'

const RETRY_MS = 250 // between tries while the disk is full
const SEGMENT_BYTES = 2_000 // so small that a world has several

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: LogFailed) => void
  readonly impatient: boolean
}

interface Append {
  readonly segment: number
  readonly firstOffset: number
  readonly record: LogRecord
}

/** The durable log of one boot over the simulated disk, with the group commit of the real one: a flush takes all that came since the last. */
export class SimLog implements Log {
  private appends: Append[] = []
  private writing: readonly Append[] = []
  private waiters: Waiter[] = []
  private served: Waiter[] = []
  private flushing = false
  private failure: LogFailed | null = null
  private closed = false
  private segment: { number: number; firstOffset: number; bytes: number }
  private nextOffset: number

  constructor(
    private readonly process: SimProcess,
    private readonly disk: SimDisk,
    private readonly random: Random,
    private readonly hooks: { readonly onAppend: (records: readonly LogRecord[]) => void },
  ) {
    const last = disk.segments.at(-1)
    this.nextOffset = disk.history.records.reduce((events, each) => events + (each.type === 'request' ? each.lines.length : 0), 0)
    this.segment = last === undefined ? { number: 0, firstOffset: 0, bytes: 0 } : { ...last, bytes: last.bytes.length }
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
    this.segment = { number: this.segment.number + 1, firstOffset: this.nextOffset, bytes: 0 }
    this.push({ type: 'segment', firstOffset: this.nextOffset })
    return this.segment.number
  }

  async readLines(firstOffset: number, count: number): Promise<string[]> {
    await this.process.sleep(1)
    const lines = this.disk.open().records.flatMap((record) =>
      record.type === 'request' ? record.lines.map((line, index) => [record.firstOffset + index, line] as const) : [],
    )
    return lines.filter(([offset]) => offset >= firstOffset && offset < firstOffset + count).map(([, line]) => line)
  }

  async deleteBefore(segment: number, firstOffset: number): Promise<void> {
    await this.process.sleep(1)
    const { segments } = this.disk
    while (segments.length > 1 && segments[0]!.number < segment && segments[1]!.firstOffset <= firstOffset) segments.shift()
  }

  async close(): Promise<void> {
    if (this.failure === null) await this.flushed()
    this.closed = true
    const error = new LogFailed('the log is closed')
    for (const { reject } of [...this.served.splice(0), ...this.waiters.splice(0)]) reject(error)
  }

  /** What a crash may find on disk or not. */
  pending(): PendingWrite[] {
    return [...this.writing, ...this.appends].map(({ record, ...place }) => ({ ...place, bytes: encodeRecord(record) }))
  }

  private enqueue(records: readonly LogRecord[]): void {
    this.hooks.onAppend(records)
    for (const record of records) {
      if (this.segment.bytes >= SEGMENT_BYTES) this.roll()
      this.push(record)
      if (record.type === 'request') this.nextOffset += record.lines.length
    }
  }

  private push(record: LogRecord): void {
    this.appends.push({ segment: this.segment.number, firstOffset: this.segment.firstOffset, record })
    this.segment.bytes += encodeRecord(record).length
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
    while (this.waiters.length > 0 && !this.closed) {
      await this.process.sleep(this.random.between(0, 2))
      this.served = this.waiters
      this.waiters = []
      this.writing = this.appends
      this.appends = []
      await this.writeUntilDone()
      for (const { resolve } of this.served.splice(0)) resolve()
    }
    this.flushing = false
  }

  private async writeUntilDone(): Promise<void> {
    await this.process.sleep(this.random.between(0, 4))
    while (this.disk.full) {
      this.fail(new LogFailed('the log cannot be written: the disk is full'))
      await this.process.sleep(RETRY_MS)
    }
    this.failure = null
    for (const write of this.pending().slice(0, this.writing.length)) this.disk.write(write)
    this.disk.history.add(this.writing.map(({ record }) => record))
    this.writing = []
  }

  private fail(failure: LogFailed): void {
    this.failure = failure
    const waiters = [...this.served, ...this.waiters]
    this.served = this.served.filter(({ impatient }) => !impatient)
    this.waiters = this.waiters.filter(({ impatient }) => !impatient)
    for (const { reject, impatient } of waiters) if (impatient) reject(failure)
  }
}
