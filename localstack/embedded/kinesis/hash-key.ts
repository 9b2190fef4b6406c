import { createHash } from 'node:crypto'

/** Hash keys are 128-bit numbers: 0 to 2^128 - 1. */
export const HASH_KEYS = 1n << 128n

/** The hash keys that one shard takes, both ends included. */
export interface HashKeyRange {
  readonly start: bigint
  readonly end: bigint
}

/** Where AWS puts a partition key: the MD5 of its UTF-8 bytes, as a number. */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash('md5').update(partitionKey, 'utf8').digest('hex')}`)
}

/** Even ranges for the shards of a stream; the last one takes what the division leaves over. */
export function evenRanges(shardCount: number): readonly HashKeyRange[] {
  const width = HASH_KEYS / BigInt(shardCount)
  return Array.from({ length: shardCount }, (_, index) => ({
    start: width * BigInt(index),
    end: index === shardCount - 1 ? HASH_KEYS - 1n : width * BigInt(index + 1) - 1n,
  }))
}
