import { KinesisError } from './kinesis-error'
import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import { kinesisLimits } from './limits'
import { rateExceeded } from './put-verbs'
import { optionalInteger, type RequestFields, requestedStream, requiredText } from './request-fields'
import { placeOf } from './sequence-number'
import type { Shard } from './shard'
import { type IteratorPlace, iteratorOf, placeOfIterator } from './shard-iterator'
import { hashKeyRange } from './shard-listing'
import type { StreamRecord } from './shard-log'
import { startingOrdinal } from './shard-reader'

export function getShardIterator(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const shardId = requiredText(fields, 'ShardId', { min: 1, max: 128 })
  const shard = stream.shards.find(({ id }) => id === shardId)
  if (!shard)
    throw new KinesisError(
      'ResourceNotFoundException',
      `Shard ${shardId} in stream ${stream.name} under account ${store.accountId} does not exist`,
    )
  store.expire(stream, shard, now)
  const nextOrdinal = requestedOrdinal(stream, shard, fields)
  return { ShardIterator: iteratorOf(placeIn(stream, shard, nextOrdinal), now) }
}

function placeIn(stream: KinesisStream, shard: Shard, nextOrdinal: number): IteratorPlace {
  return { streamName: stream.name, streamEpochMs: stream.createdMs, shardIndex: shard.index, nextOrdinal }
}

function requestedOrdinal(stream: KinesisStream, shard: Shard, fields: RequestFields): number {
  const type = requiredText(fields, 'ShardIteratorType', { min: 1, max: 64 })
  switch (type) {
    case 'TRIM_HORIZON':
    case 'LATEST':
      return startingOrdinal(shard, { kind: type })
    case 'AT_TIMESTAMP':
      return startingOrdinal(shard, { kind: type, ms: requestedTime(fields) })
    case 'AT_SEQUENCE_NUMBER':
      return ordinalOfSequenceNumber(stream, shard, fields)
    case 'AFTER_SEQUENCE_NUMBER':
      return ordinalOfSequenceNumber(stream, shard, fields) + 1
    default:
      throw new KinesisError('ValidationException', `${type} is not a ShardIteratorType.`)
  }
}

function requestedTime(fields: RequestFields): number {
  const seconds = fields.Timestamp
  if (typeof seconds !== 'number')
    throw new KinesisError('InvalidArgumentException', 'Timestamp must be given, in epoch seconds, for AT_TIMESTAMP.')
  return seconds * 1000
}

function ordinalOfSequenceNumber(stream: KinesisStream, shard: Shard, fields: RequestFields): number {
  const sequenceNumber = requiredText(fields, 'StartingSequenceNumber', { min: 1, max: 128 })
  const place = placeOf(sequenceNumber)
  if (place?.shardEpochMs === shard.epochMs && place.shardIndex === shard.index) return place.ordinal
  const message = `StartingSequenceNumber ${sequenceNumber} used in GetShardIterator on shard ${shard.id} in stream ${stream.name} is invalid because it did not come from this shard.`
  throw new KinesisError('InvalidArgumentException', message)
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
  const children = stream.shards.filter(({ parents }) => parents.includes(shard))
  return {
    NextShardIterator: null,
    ChildShards: children.map((child) => ({
      ShardId: child.id,
      ParentShards: child.parents.map(({ id }) => id),
      HashKeyRange: hashKeyRange(child),
    })),
  }
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

function recordOnWire(record: StreamRecord): object {
  return {
    SequenceNumber: record.sequenceNumber,
    ApproximateArrivalTimestamp: record.arrivalMs / 1000,
    Data: record.data,
    PartitionKey: record.partitionKey,
    EncryptionType: 'NONE',
  }
}
