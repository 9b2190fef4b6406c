import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import { KinesisError, kinesisLimits } from './limits'
import { rateExceeded } from './put-verbs'
import { optionalInteger, type RequestFields, requestedShard, requestedStream, requiredText } from './request-fields'
import type { Shard } from './shard'
import { hashKeyRange } from './shard-listing'
import type { StreamRecord } from './shard-log'
import {
  type IteratorPlace,
  iteratorOf,
  type PositionNames,
  placeOfIterator,
  requestedOrdinal,
} from './starting-position'

const namesOfIterator: PositionNames = {
  verb: 'GetShardIterator',
  type: 'ShardIteratorType',
  sequenceNumber: 'StartingSequenceNumber',
}

export function getShardIterator(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const shard = requestedShard(store, stream, fields)
  store.expire(stream, shard, now)
  const nextOrdinal = requestedOrdinal(stream, shard, fields, namesOfIterator)
  return { ShardIterator: iteratorOf(placeIn(stream, shard, nextOrdinal), now) }
}

function placeIn(stream: KinesisStream, shard: Shard, nextOrdinal: number): IteratorPlace {
  return { streamName: stream.name, streamEpochMs: stream.createdMs, shardIndex: shard.index, nextOrdinal }
}

export function getRecords(store: KinesisStore, fields: RequestFields, now: number): object {
  const place = placeOfIterator(requiredText(fields, 'ShardIterator', { min: 1, max: 512 }), now)
  const records = optionalInteger(fields, 'Limit', 1, kinesisLimits.recordsPerRead) ?? kinesisLimits.recordsPerRead
  const { stream, shard } = shardAt(store, place)
  store.expire(stream, shard, now)
  const read = shard.readWithinLimits(place.nextOrdinal, { records, bytes: kinesisLimits.bytesPerRead }, now)
  if (!read) throw new KinesisError('ProvisionedThroughputExceededException', rateExceeded(store, stream, shard.id))
  return {
    Records: read.records.map(recordOnWire),
    MillisBehindLatest: shard.millisBehindLatest(read.nextOrdinal, now),
    ...whereToReadOn(stream, shard, { ...place, nextOrdinal: read.nextOrdinal }, now),
  }
}

/** At the end of a closed shard there is no next iterator, but the shards that took over. */
function whereToReadOn(stream: KinesisStream, shard: Shard, place: IteratorPlace, now: number): object {
  if (!shard.isEndAt(place.nextOrdinal)) return { NextShardIterator: iteratorOf(place, now) }
  return { NextShardIterator: null, ChildShards: childShards(stream, shard) }
}

function shardAt(store: KinesisStore, place: IteratorPlace): { stream: KinesisStream; shard: Shard } {
  const stream = store.stream(place.streamName)
  const shard = stream.shards[place.shardIndex]
  if (shard && stream.createdMs === place.streamEpochMs) return { stream, shard }
  throw new KinesisError(
    'ResourceNotFoundException',
    `The iterator belongs to a stream ${place.streamName} that was deleted.`,
  )
}

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
