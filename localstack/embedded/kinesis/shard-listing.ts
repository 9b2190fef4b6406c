import type { KinesisStream } from './kinesis-stream'
import { KinesisError } from './limits'
import type { RequestFields } from './request-fields'
import type { Shard } from './shard'

/**
 * What a ShardFilter of ListShards selects; AFTER_SHARD_ID, which says where to begin, leaves none out. Throws
 * InvalidArgumentException.
 */
export function shardFilter(filter: RequestFields, stream: KinesisStream, now: number): (shard: Shard) => boolean {
  const horizonMs = Math.max(stream.createdMs, now - stream.retentionHours * 3_600_000)
  switch (filter.Type) {
    case undefined:
    case 'AFTER_SHARD_ID':
    case 'FROM_TRIM_HORIZON':
      return () => true
    case 'AT_LATEST':
      return ({ closedMs }) => closedMs === undefined
    case 'AT_TRIM_HORIZON':
      return (shard) => isOpenAt(shard, horizonMs)
    case 'AT_TIMESTAMP':
      return (shard) => isOpenAt(shard, timestampMs(filter))
    case 'FROM_TIMESTAMP':
      return ({ closedMs = now }) => closedMs >= timestampMs(filter)
    default:
      throw new KinesisError('InvalidArgumentException', `${String(filter.Type)} is not a type of ShardFilter.`)
  }
}

function isOpenAt({ openedMs, closedMs }: Shard, ms: number): boolean {
  return openedMs <= ms && (closedMs === undefined || closedMs > ms)
}

function timestampMs({ Type, Timestamp }: RequestFields): number {
  if (typeof Timestamp === 'number') return Timestamp * 1000
  throw new KinesisError('InvalidArgumentException', `Timestamp must be given, in epoch seconds, for ${String(Type)}.`)
}

/** As it is on the wire. */
export function hashKeyRange({ range }: Shard): object {
  return { StartingHashKey: String(range.start), EndingHashKey: String(range.end) }
}
