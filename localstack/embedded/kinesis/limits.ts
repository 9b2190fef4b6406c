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
