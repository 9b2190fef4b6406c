/** A record as it lies in a shard. */
export interface StreamRecord {
  readonly sequenceNumber: string
  readonly partitionKey: string
  /** Base64, as it came in and as every reader wants it, so it is never decoded. */
  readonly data: string
  /** Data before base64 plus partition key: what AWS's limits count. */
  readonly bytes: number
  /** Epoch milliseconds at which the stream took it. */
  readonly arrivalMs: number
}

export interface ReadLimits {
  readonly records: number
  /** At least one record is read even if it alone is larger, so that a reader always gets on. */
  readonly bytes: number
  /** Only what arrived until then, in epoch milliseconds. */
  readonly arrivedUntilMs?: number
}

export interface LogRead {
  readonly records: readonly StreamRecord[]
  /** The ordinal to read from next. */
  readonly nextOrdinal: number
  /** How many records had expired before they were read. */
  readonly expired: number
}

/** The records of one shard by ordinal, without gaps: appended at the end, expired from the front. */
export class ShardLog {
  private readonly records = new Map<number, StreamRecord>()
  private oldest = 1
  private next = 1
  private heldBytes = 0

  /** The ordinal that the next record gets. */
  get nextOrdinal(): number {
    return this.next
  }

  get oldestOrdinal(): number {
    return this.oldest
  }

  append(record: StreamRecord): void {
    this.records.set(this.next, record)
    this.next += 1
    this.heldBytes += record.bytes
  }

  /** Data of all records that lie here. */
  get bytes(): number {
    return this.heldBytes
  }

  /** Drops from the front what arrived before `oldestArrivalMs`. */
  expire(oldestArrivalMs: number): void {
    for (let atMs = this.arrivalMsAt(0); atMs !== undefined && atMs < oldestArrivalMs; atMs = this.arrivalMsAt(0))
      this.dropOldest()
  }

  /** Drops the first record, if there is one. */
  dropOldest(): void {
    const record = this.records.get(this.oldest)
    if (!record) return
    this.records.delete(this.oldest)
    this.oldest += 1
    this.heldBytes -= record.bytes
  }

  read(fromOrdinal: number, limits: ReadLimits): LogRead {
    const start = Math.max(fromOrdinal, this.oldest)
    const records: StreamRecord[] = []
    let bytes = 0
    for (let record = this.records.get(start); record; record = this.records.get(start + records.length)) {
      bytes += record.bytes
      if (record.arrivalMs > (limits.arrivedUntilMs ?? Number.POSITIVE_INFINITY)) break
      if (records.length >= limits.records || (records.length > 0 && bytes > limits.bytes)) break
      records.push(record)
    }
    return { records, nextOrdinal: start + records.length, expired: start - fromOrdinal }
  }

  /**
   * When the record at `ordinal`, or the oldest after it that still lies here, arrived; undefined at the end of the
   * shard.
   */
  arrivalMsAt(ordinal: number): number | undefined {
    return this.records.get(Math.max(ordinal, this.oldest))?.arrivalMs
  }

  /** The ordinal of the first record that arrived at `ms` or later. */
  ordinalAtTime(ms: number): number {
    for (const [ordinal, record] of this.records) if (record.arrivalMs >= ms) return ordinal
    return this.next
  }
}
