import { KinesisError } from './kinesis-error'
import { kinesisLimits } from './limits'

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
