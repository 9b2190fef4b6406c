import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import type { Shard } from './shard'
import type { LogRead, ReadLimits, StreamRecord } from './shard-log'

/** Where a reader that has read nothing yet begins. */
export type StartingPosition =
  | { readonly kind: 'TRIM_HORIZON' }
  | { readonly kind: 'LATEST' }
  | { readonly kind: 'AT_TIMESTAMP'; readonly ms: number }

/** A place in a shard, between two records. Only a reader makes one. */
export interface ShardCursor {
  readonly shardId: string
  readonly nextOrdinal: number
}

export interface ShardRead {
  readonly records: readonly StreamRecord[]
  /** Where to read on. */
  readonly cursor: ShardCursor
  /** Records that had expired before this read reached them. */
  readonly expired: number
  /** The shard is closed and was read to its end: what comes lies in its children. */
  readonly ended: boolean
}

/** How code in the same process reads a stream. */
export interface ShardReader {
  /** Records older than this are gone from the stream. */
  readonly retentionMs: number
  /** The shards to begin with. All others come after them, as children. */
  firstShards(start: StartingPosition): readonly string[]
  /** The shards that took over hash keys of this one. */
  childrenOf(shardId: string): readonly string[]
  /** The shards that this one took its hash keys from: their records come before its own. */
  parentsOf(shardId: string): readonly string[]
  open(shardId: string, start: StartingPosition): ShardCursor
  /** A read like any GetRecords, of the five a second that a shard allows to all; undefined when it is throttled. */
  poll(cursor: ShardCursor, limits: ReadLimits, now: number): ShardRead | undefined
  /** What is pushed to a consumer, for which the shard has a way of its own: it takes nothing from those reads. */
  read(cursor: ShardCursor, limits: ReadLimits, now: number): ShardRead
  /** When the next unread record arrived; undefined when there is none. */
  nextArrivalMs(cursor: ShardCursor): number | undefined
  /** Calls `fire` once when a record comes or the shard is closed; returns how to prevent that. */
  onNews(shardId: string, fire: () => void): () => void
  /** How long the next unread record has been waiting; 0 when there is none. */
  millisBehindLatest(cursor: ShardCursor, now: number): number
}

/**
 * Reads `stream`, also through its resharding: once it is deleted, the reader sees no more records, also if another of
 * that name is made.
 */
export function shardReader(store: KinesisStore, stream: KinesisStream): ShardReader {
  const shardOf = (shardId: string): Shard => {
    const shard = stream.shards.find(({ id }) => id === shardId)
    if (!shard) throw new RangeError(`stream ${stream.name} has no shard ${shardId}`)
    return shard
  }
  return {
    retentionMs: stream.retentionHours * 3_600_000,
    firstShards: (start) => firstShards(stream, start).map(({ id }) => id),
    childrenOf: (shardId) =>
      stream.shards.filter(({ parents }) => parents.includes(shardOf(shardId))).map(({ id }) => id),
    parentsOf: (shardId) => shardOf(shardId).parents.map(({ id }) => id),
    open: (shardId, start) => ({ shardId, nextOrdinal: startingOrdinal(shardOf(shardId), start) }),
    poll(cursor, limits, now) {
      const shard = shardOf(cursor.shardId)
      store.expire(stream, shard, now)
      const read = shard.readWithinLimits(cursor.nextOrdinal, limits, now)
      return read && shardRead(shard, read)
    },
    read(cursor, limits, now) {
      const shard = shardOf(cursor.shardId)
      store.expire(stream, shard, now)
      return shardRead(shard, shard.log.read(cursor.nextOrdinal, limits))
    },
    nextArrivalMs: ({ shardId, nextOrdinal }) => shardOf(shardId).log.arrivalMsAt(nextOrdinal),
    onNews: (shardId, fire) => shardOf(shardId).onNews(fire),
    millisBehindLatest: (cursor, now) => shardOf(cursor.shardId).millisBehindLatest(cursor.nextOrdinal, now),
  }
}

function shardRead(shard: Shard, { records, nextOrdinal, expired }: LogRead): ShardRead {
  return { records, cursor: { shardId: shard.id, nextOrdinal }, expired, ended: shard.isEndAt(nextOrdinal) }
}

function firstShards(stream: KinesisStream, start: StartingPosition): readonly Shard[] {
  switch (start.kind) {
    case 'LATEST':
      return stream.open
    case 'TRIM_HORIZON':
    case 'AT_TIMESTAMP':
      return stream.shards.filter(({ parents }) => parents.length === 0)
  }
}

/** The ordinal at which a first read begins. */
export function startingOrdinal(shard: Shard, start: StartingPosition): number {
  switch (start.kind) {
    case 'TRIM_HORIZON':
      return shard.log.oldestOrdinal
    case 'LATEST':
      return shard.log.nextOrdinal
    case 'AT_TIMESTAMP':
      return shard.log.ordinalAtTime(start.ms)
  }
}
