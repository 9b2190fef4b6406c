import {
  chargeRead,
  freshReadAllowance,
  freshWriteAllowance,
  type ReadAllowance,
  spendRead,
  spendWrite,
  type WriteAllowance,
} from './allowance'
import type { HashKeyRange } from './limits'
import { type LogRead, type ReadLimits, ShardLog, sequenceNumberOf } from './shard-log'

/** Data as it comes in: base64, and what it counts against the limits. */
export interface IncomingRecord {
  readonly partitionKey: string
  readonly data: string
  readonly bytes: number
}

export type PutOutcome =
  | { readonly kind: 'stored'; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly kind: 'throttled'; readonly shardId: string }

/** One shard: its records, and what it may still take in and give out. */
export class Shard {
  readonly id: string
  readonly log = new ShardLog()
  private closedAtMs: number | undefined
  private writes: WriteAllowance
  private reads: ReadAllowance
  private readonly waiting = new Set<() => void>()

  /**
   * `epochMs` is above that of all shards before. `parents`: the shards whose hash keys this one took over; none, one
   * that was split, or two that were merged.
   */
  constructor(
    readonly epochMs: number,
    readonly index: number,
    readonly range: HashKeyRange,
    readonly parents: readonly Shard[] = [],
    readonly openedMs = epochMs,
  ) {
    this.id = `shardId-${String(index).padStart(12, '0')}`
    this.writes = freshWriteAllowance(openedMs)
    this.reads = freshReadAllowance(openedMs)
  }

  /** When it was split or merged: from then on it is read and not written. undefined while it is open. */
  get closedMs(): number | undefined {
    return this.closedAtMs
  }

  close(now: number): void {
    this.closedAtMs = now
    this.wake()
  }

  /** Calls `fire` once when a record comes or the shard is closed; returns how to prevent that. */
  onNews(fire: () => void): () => void {
    this.waiting.add(fire)
    return () => this.waiting.delete(fire)
  }

  private wake(): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const fire of waiting) fire()
  }

  /** Closed, and nothing lies at `ordinal` or after it. */
  isEndAt(ordinal: number): boolean {
    return this.closedAtMs !== undefined && ordinal >= this.log.nextOrdinal
  }

  /** The number of the shard itself, below that of its first record. */
  get startingSequenceNumber(): string {
    return this.sequenceNumberAt(0)
  }

  /** Above all of its records; undefined while it is open. */
  get endingSequenceNumber(): string | undefined {
    return this.closedAtMs === undefined ? undefined : this.sequenceNumberAt(this.log.nextOrdinal)
  }

  put(record: IncomingRecord, now: number): PutOutcome {
    const writes = spendWrite(this.writes, record.bytes, now)
    if (!writes) return { kind: 'throttled', shardId: this.id }
    this.writes = writes
    const sequenceNumber = this.sequenceNumberAt(this.log.nextOrdinal)
    this.log.append({ ...record, sequenceNumber, arrivalMs: now })
    this.wake()
    return { kind: 'stored', shardId: this.id, sequenceNumber }
  }

  /** A read that counts against the shard's limits; undefined when it must be throttled. */
  readWithinLimits(fromOrdinal: number, limits: ReadLimits, now: number): LogRead | undefined {
    const reads = spendRead(this.reads, now)
    if (!reads) return undefined
    const read = this.log.read(fromOrdinal, limits)
    const bytes = read.records.reduce((sum, record) => sum + record.bytes, 0)
    this.reads = chargeRead(reads, bytes, now)
    return read
  }

  /** How long the record at `ordinal`, or the next one, has been waiting to be read; 0 at the end of the shard. */
  millisBehindLatest(ordinal: number, now: number): number {
    const arrivalMs = this.log.arrivalMsAt(ordinal)
    return arrivalMs === undefined ? 0 : Math.max(0, now - arrivalMs)
  }

  /** Of the record at `ordinal`, whether it lies here or not; 0 is the shard's own. */
  sequenceNumberAt(ordinal: number): string {
    return sequenceNumberOf({ shardEpochMs: this.epochMs, shardIndex: this.index, ordinal })
  }
}
