import type { Consumer } from '../../../core/control/cost'
import type { Assumptions } from '../settings'
import type { Agenda } from './agenda'
import { Fifo, type Piece } from './fifo'
import type { Functions } from './functions'

/** A record on its way through the stream, and what to do when its head is in the table. */
export interface StreamRecord {
  readonly piece: Piece
  readonly bytes: number
  readonly shard: number
  /** Of the shard. */
  readonly lane: number
  readonly onHead: () => void
}

interface Lane {
  readonly queue: Fifo<StreamRecord>
  isBusy: boolean
}

/** A shard: what it takes in a second, its poller, and the lanes that the mapping gives it. */
export class Shard {
  private readonly records = new Fifo<StreamRecord>()
  private readonly lanes: Lane[]
  private unfinished = 0
  private waitsForRoom = false
  private isPollDue = false
  private filledMs = 0
  private bytesLeft: number
  private recordsLeft: number

  /** `share` of a shard's limits: an on-demand stream's shards may have more or less than one. */
  constructor(
    private readonly agenda: Agenda,
    private readonly given: Assumptions,
    private readonly functions: Functions,
    private readonly consumer: Consumer,
    parallelization: number,
    private polledMs: number,
    private readonly share: () => number,
  ) {
    this.lanes = Array.from({ length: parallelization }, () => ({ queue: new Fifo<StreamRecord>(), isBusy: false }))
    this.bytesLeft = given.shardBytesPerSecond
    this.recordsLeft = given.shardRecordsPerSecond
  }

  /** False when the shard is throttled. */
  put(record: StreamRecord): boolean {
    this.refill()
    if (this.bytesLeft < record.bytes || this.recordsLeft < 1) return false
    this.bytesLeft -= record.bytes
    this.recordsLeft -= 1
    if (this.consumer === 'fan-out') this.agenda.after(this.given.pushMs, () => this.pushed(record))
    else this.polled(record)
    return true
  }

  private pushed(record: StreamRecord): void {
    this.records.push(record)
    if (!this.waitsForRoom) this.poll()
  }

  /** Polls that find nothing are left out: the next one is a whole number of pauses after the last. */
  private polled(record: StreamRecord): void {
    this.records.push(record)
    if (this.isPollDue || this.waitsForRoom) return
    const { pollIntervalMs } = this.given
    const pauses = Math.max(1, Math.ceil((this.agenda.nowMs - this.polledMs) / pollIntervalMs))
    this.pollAfter(this.polledMs + pauses * pollIntervalMs - this.agenda.nowMs)
  }

  private refill(): void {
    const { shardBytesPerSecond, shardRecordsPerSecond } = this.given
    const seconds = ((this.agenda.nowMs - this.filledMs) / 1000) * this.share()
    this.filledMs = this.agenda.nowMs
    this.bytesLeft = Math.min(shardBytesPerSecond * this.share(), this.bytesLeft + seconds * shardBytesPerSecond)
    this.recordsLeft = Math.min(
      shardRecordsPerSecond * this.share(),
      this.recordsLeft + seconds * shardRecordsPerSecond,
    )
  }

  private pollAfter(delayMs: number): void {
    this.isPollDue = true
    this.agenda.after(delayMs, () => {
      this.isPollDue = false
      this.poll()
    })
  }

  /** Polled, soon again after a read that was not empty. Not at all while a batch waits behind each busy lane. */
  private poll(): void {
    const room = 2 * this.lanes.length * this.given.batchSize - this.unfinished
    this.waitsForRoom = room <= 0
    if (this.waitsForRoom) return
    const reads = Math.min(room, this.records.length)
    for (let read = 0; read < reads; read++) this.deliver(this.records.shift()!)
    for (const lane of this.lanes) this.next(lane)
    this.polledMs = this.agenda.nowMs
    if (this.consumer === 'fan-out') this.waitsForRoom = this.records.length > 0
    else if (reads > 0) this.pollAfter(this.given.readPauseMs)
  }

  private deliver(record: StreamRecord): void {
    this.unfinished += 1
    this.lanes[record.lane]!.queue.push(record)
  }

  private next(lane: Lane): void {
    if (lane.isBusy || lane.queue.length === 0) return
    lane.isBusy = true
    const batch: StreamRecord[] = []
    while (batch.length < this.given.batchSize && lane.queue.length > 0) batch.push(lane.queue.shift()!)
    this.functions.acquire(() => this.work(lane, batch))
  }

  private work(lane: Lane, batch: readonly StreamRecord[]): void {
    const { invokeMs, writeMs, laneRate } = this.given
    let tookMs = 0
    for (const { piece, onHead } of batch) {
      tookMs += (piece.events / laneRate) * 1000 + writeMs
      this.agenda.after(invokeMs + tookMs, onHead)
    }
    this.agenda.after(invokeMs + tookMs, () => {
      this.functions.release(tookMs)
      this.unfinished -= batch.length
      lane.isBusy = false
      this.next(lane)
      if (this.waitsForRoom) this.poll()
    })
  }
}
