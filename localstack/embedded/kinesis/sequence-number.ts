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
