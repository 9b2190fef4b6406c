import type { KinesisStream } from './kinesis-stream'
import { KinesisError, kinesisLimits } from './limits'
import { type RequestFields, requiredText } from './request-fields'
import type { Shard } from './shard'
import { placeOf } from './shard-log'
import { startingOrdinal } from './shard-reader'

/** The same position under the names that a verb has for its fields. */
export interface PositionNames {
  readonly verb: string
  readonly type: string
  readonly sequenceNumber: string
}

/** The ordinal at which a client wants to begin. Throws InvalidArgumentException or ValidationException. */
export function requestedOrdinal(
  stream: KinesisStream,
  shard: Shard,
  fields: RequestFields,
  names: PositionNames,
): number {
  const type = requiredText(fields, names.type, { min: 1, max: 64 })
  switch (type) {
    case 'TRIM_HORIZON':
    case 'LATEST':
      return startingOrdinal(shard, { kind: type })
    case 'AT_TIMESTAMP':
      return startingOrdinal(shard, { kind: type, ms: requestedTime(fields) })
    case 'AT_SEQUENCE_NUMBER':
      return ordinalOfSequenceNumber(stream, shard, fields, names)
    case 'AFTER_SEQUENCE_NUMBER':
      return ordinalOfSequenceNumber(stream, shard, fields, names) + 1
    default:
      throw new KinesisError('ValidationException', `${type} is not a ${names.type} of ${names.verb}.`)
  }
}

function requestedTime(fields: RequestFields): number {
  const seconds = fields.Timestamp
  if (typeof seconds !== 'number')
    throw new KinesisError('InvalidArgumentException', 'Timestamp must be given, in epoch seconds, for AT_TIMESTAMP.')
  return seconds * 1000
}

function ordinalOfSequenceNumber(
  stream: KinesisStream,
  shard: Shard,
  fields: RequestFields,
  names: PositionNames,
): number {
  const sequenceNumber = requiredText(fields, names.sequenceNumber, { min: 1, max: 128 })
  const place = placeOf(sequenceNumber)
  if (place?.shardEpochMs === shard.epochMs && place.shardIndex === shard.index) return place.ordinal
  const message = `${names.sequenceNumber} ${sequenceNumber} used in ${names.verb} on shard ${shard.id} in stream ${stream.name} is invalid because it did not come from this shard.`
  throw new KinesisError('InvalidArgumentException', message)
}

/** What a shard iterator, opaque to clients, stands for. */
export interface IteratorPlace {
  readonly streamName: string
  /** Tells the iterators of a deleted stream from those of one made later under its name. */
  readonly streamEpochMs: number
  readonly shardIndex: number
  readonly nextOrdinal: number
}

export function iteratorOf(place: IteratorPlace, now: number): string {
  const fields = [place.streamEpochMs, place.shardIndex, place.nextOrdinal, now, place.streamName]
  return Buffer.from(fields.join(':')).toString('base64')
}

/** Throws InvalidArgumentException for text that is no iterator and ExpiredIteratorException after five minutes. */
export function placeOfIterator(iterator: string, now: number): IteratorPlace {
  const match = /^(\d+):(\d+):(\d+):(\d+):(.+)$/.exec(Buffer.from(iterator, 'base64').toString())
  if (!match) throw new KinesisError('InvalidArgumentException', 'Invalid ShardIterator.')
  const [epoch, shardIndex, nextOrdinal, issuedMs] = match.slice(1, 5).map(Number) as [number, number, number, number]
  if (now - issuedMs > kinesisLimits.iteratorLifetimeMs) {
    const message = `Iterator expired. It was made ${now - issuedMs} ms ago and lives ${kinesisLimits.iteratorLifetimeMs} ms; call GetShardIterator again.`
    throw new KinesisError('ExpiredIteratorException', message)
  }
  return { streamName: match[5]!, streamEpochMs: epoch, shardIndex, nextOrdinal }
}
