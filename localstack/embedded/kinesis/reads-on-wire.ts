import type { KinesisStream } from './kinesis-stream'
import type { Shard } from './shard'
import { hashKeyRange } from './shard-listing'
import type { StreamRecord } from './shard-log'

/** A record as GetRecords and SubscribeToShard give it. */
export function recordOnWire(record: StreamRecord): object {
  return {
    SequenceNumber: record.sequenceNumber,
    ApproximateArrivalTimestamp: record.arrivalMs / 1000,
    Data: record.data,
    PartitionKey: record.partitionKey,
    EncryptionType: 'NONE',
  }
}

/** The shards that took over from `shard`: where who has read it to its end reads on. */
export function childShards(stream: KinesisStream, shard: Shard): readonly object[] {
  const children = stream.shards.filter(({ parents }) => parents.includes(shard))
  return children.map((child) => ({
    ShardId: child.id,
    ParentShards: child.parents.map(({ id }) => id),
    HashKeyRange: hashKeyRange(child),
  }))
}
