import type { KinesisStore, KinesisStream } from './kinesis-store'
import type { Shard } from './shard'
import type { ReadLimits, StreamRecord } from './shard-log'

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
}

/** How code in the same process reads a stream. It takes nothing from the five reads a second that a shard allows over HTTP. */
export interface ShardReader {
  readonly shardIds: readonly string[]
  /** Records older than this are gone from the stream. */
  readonly retentionMs: number
  open(shardId: string, start: StartingPosition): ShardCursor
  read(cursor: ShardCursor, limits: ReadLimits, now: number): ShardRead
  /** How long the next unread record has been waiting; 0 when there is none. */
  millisBehindLatest(cursor: ShardCursor, now: number): number
}

/** Reads `stream` as it is now: once it is deleted, the reader sees no more records, also if another of that name is made. */
export function shardReader(store: KinesisStore, stream: KinesisStream): ShardReader {
  const shards = new Map(stream.shards.map((shard) => [shard.id, shard]))
  const shardOf = (shardId: string): Shard => {
    const shard = shards.get(shardId)
    if (!shard) throw new RangeError(`stream ${stream.name} has no shard ${shardId}`)
    return shard
  }
  return {
    shardIds: [...shards.keys()],
    retentionMs: stream.retentionHours * 3_600_000,
    open: (shardId, start) => ({ shardId, nextOrdinal: startingOrdinal(shardOf(shardId), start) }),
    read(cursor, limits, now) {
      const shard = shardOf(cursor.shardId)
      store.expire(stream, shard, now)
      const { records, nextOrdinal, expired } = shard.log.read(cursor.nextOrdinal, limits)
      return { records, cursor: { shardId: cursor.shardId, nextOrdinal }, expired }
    },
    millisBehindLatest: (cursor, now) => shardOf(cursor.shardId).millisBehindLatest(cursor.nextOrdinal, now),
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
