import { createHash } from 'node:crypto'

/** The error codes of the Kinesis API that the embedded service can answer with. */
export type KinesisErrorCode =
  | 'DryRunOperationException'
  | 'ExpiredIteratorException'
  | 'ExpiredNextTokenException'
  | 'InvalidArgumentException'
  | 'LimitExceededException'
  | 'ProvisionedThroughputExceededException'
  | 'ResourceInUseException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'ValidationException'

/** An expected failure of a Kinesis call. Only `ProvisionedThroughputExceededException` is worth retrying as it is. */
export class KinesisError extends Error {
  constructor(
    readonly code: KinesisErrorCode,
    message: string,
  ) {
    super(message)
    this.name = code
  }
}

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

const MIB = 1024 * 1024

/**
 * The service's documented limits (Kinesis API reference and "Quotas and limits"), which are what a burst meets first.
 * They are enforced, not simulated: a producer that ignores a partial failure here would lose records on AWS as well.
 */
export const kinesisLimits = {
  /** Data before base64 plus partition key. AWS's default for a stream; raising it to 10 MiB is not embedded. */
  recordBytes: MIB,
  recordsPerPut: 500,
  /** Data and partition keys of one PutRecords request; 5 MiB until 2025. */
  bytesPerPut: 10 * MIB,
  shardWriteBytesPerSecond: MIB,
  shardWriteRecordsPerSecond: 1000,
  shardReadCallsPerSecond: 5,
  shardReadBytesPerSecond: 2 * MIB,
  recordsPerRead: 10_000,
  bytesPerRead: 10 * MIB,
  iteratorLifetimeMs: 5 * 60 * 1000,
  defaultRetentionHours: 24,
  maximumRetentionHours: 8760,
  /** AWS's smallest default quota per account and region. */
  shards: 200,
  /**
   * What an on-demand stream starts with on AWS (4 MiB/s in). Growing with the peak is not embedded, warm throughput
   * is.
   */
  onDemandShards: 4,
  /** Enhanced fan-out, per stream. */
  consumersPerStream: 20,
  /** From the arrival of a record until it is pushed to a consumer: on average on AWS. */
  pushMs: 70,
  consumerReadBytesPerSecond: 2 * MIB,
  subscriptionMs: 5 * 60 * 1000,
  /** Calls of SubscribeToShard for one consumer and shard. */
  subscribeCallsApartMs: 1000,
  /** From a successful SubscribeToShard until another call may take the subscription over. */
  subscriptionKeptMs: 5000,
  /** AWS names neither figure. Clients take a subscription on which nothing comes for dead. */
  bytesPerPush: MIB,
  idlePushMs: 5000,
  /** UpdateShardCount calls within 24 hours, per stream. */
  shardCountUpdates: 10,
  shardCountUpdatesWithinMs: 24 * 3_600_000,
} as const
