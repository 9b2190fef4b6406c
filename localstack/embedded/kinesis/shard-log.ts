/**
 * A record's place, spelled as AWS spells it: a decimal number of 56 digits that only grows within a shard. From the
 * top: a marker bit that fixes the length, when the shard was opened (so the numbers of a stream made again do not
 * repeat, and those of a shard are above its parents'), the ordinal of the record in its shard, the shard, a version.
 */
export interface RecordPlace {
  readonly shardEpochMs: number
  readonly shardIndex: number
  /** 1 for the first record of a shard; 0 is the shard's own starting number. */
  readonly ordinal: number
}

const MARKER = 1n << 185n
const VERSION = 2n
const EPOCH_SHIFT = 108n
const ORDINAL_SHIFT = 36n
const SHARD_SHIFT = 4n

/** Digits and order as on AWS; compare two of them as BigInt or, since the length is fixed, as text. */
export function sequenceNumberOf(place: RecordPlace): string {
  const epoch = BigInt(place.shardEpochMs) << EPOCH_SHIFT
  const ordinal = BigInt(place.ordinal) << ORDINAL_SHIFT
  return String(MARKER | epoch | ordinal | (BigInt(place.shardIndex) << SHARD_SHIFT) | VERSION)
}

/** The place that `sequenceNumberOf` spelled, or undefined when the text is not such a number. */
export function placeOf(sequenceNumber: string): RecordPlace | undefined {
  if (!/^\d{56}$/.test(sequenceNumber)) return undefined
  const number = BigInt(sequenceNumber)
  const place = {
    shardEpochMs: Number(BigInt.asUintN(77, number >> EPOCH_SHIFT)),
    shardIndex: Number(BigInt.asUintN(32, number >> SHARD_SHIFT)),
    ordinal: Number(BigInt.asUintN(72, number >> ORDINAL_SHIFT)),
  }
  return sequenceNumberOf(place) === sequenceNumber ? place : undefined
}

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
