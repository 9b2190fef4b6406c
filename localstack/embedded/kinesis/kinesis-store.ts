import { evenRanges, hashKeyOf, shardIndexOf } from './hash-key'
import { KinesisError } from './kinesis-error'
import { kinesisLimits } from './limits'
import { type IncomingRecord, type PutOutcome, Shard } from './shard'

export interface KinesisStoreOptions {
  readonly region: string
  readonly accountId: string
  /**
   * What all shards together may hold; each gets an equal part, and its oldest records expire early above it. A day at the full
   * rate of one shard is 86 GB, so memory needs a limit besides time; the default is four minutes of one full shard, or one of four.
   */
  readonly retainedBytes: number
}

const defaults: KinesisStoreOptions = {
  region: 'us-east-1',
  accountId: '000000000000',
  retainedBytes: 256 * 1024 * 1024,
}

export type StreamMode = { readonly kind: 'PROVISIONED'; readonly shardCount: number } | { readonly kind: 'ON_DEMAND' }

export interface NewStream {
  readonly name: string
  readonly mode: StreamMode
  readonly retentionHours?: number
}

/** A stream and its shards, active from the moment it is made. */
export interface KinesisStream {
  readonly name: string
  readonly arn: string
  readonly mode: StreamMode['kind']
  readonly createdMs: number
  readonly retentionHours: number
  readonly shards: readonly Shard[]
}

/** All streams of one embedded cloud, in memory. Knows no clock and no wire: every call that depends on time is given `now` in epoch milliseconds. */
export class KinesisStore {
  readonly region: string
  readonly accountId: string
  private readonly retainedBytes: number
  private readonly byName = new Map<string, KinesisStream>()
  private lastEpochMs = 0

  constructor(options: Partial<KinesisStoreOptions> = {}) {
    const { region, accountId, retainedBytes } = { ...defaults, ...options }
    this.region = region
    this.accountId = accountId
    this.retainedBytes = retainedBytes
  }

  /** Throws ResourceInUseException when the name is taken, LimitExceededException above the quota of shards. */
  createStream(wanted: NewStream, now: number): KinesisStream {
    if (this.byName.has(wanted.name)) {
      throw new KinesisError(
        'ResourceInUseException',
        `Stream ${wanted.name} under account ${this.accountId} already exists.`,
      )
    }
    const shardCount = wanted.mode.kind === 'ON_DEMAND' ? kinesisLimits.onDemandShards : wanted.mode.shardCount
    this.requireQuota(shardCount)
    // Distinct epochs keep the sequence numbers of a stream that is made again, even within a millisecond, above the old ones.
    this.lastEpochMs = Math.max(now, this.lastEpochMs + 1)
    const epochMs = this.lastEpochMs
    const stream: KinesisStream = {
      name: wanted.name,
      arn: `arn:aws:kinesis:${this.region}:${this.accountId}:stream/${wanted.name}`,
      mode: wanted.mode.kind,
      createdMs: epochMs,
      retentionHours: wanted.retentionHours ?? kinesisLimits.defaultRetentionHours,
      shards: evenRanges(shardCount).map((range, index) => new Shard(epochMs, index, range)),
    }
    this.byName.set(stream.name, stream)
    return stream
  }

  /** Throws ResourceNotFoundException. */
  deleteStream(name: string): void {
    this.byName.delete(this.stream(name).name)
  }

  /** Throws ResourceNotFoundException. */
  stream(name: string): KinesisStream {
    const stream = this.byName.get(name)
    if (stream) return stream
    throw new KinesisError('ResourceNotFoundException', `Stream ${name} under account ${this.accountId} not found.`)
  }

  /** By name, as AWS lists them. */
  streams(): readonly KinesisStream[] {
    return [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Puts one record where its hash key belongs. `explicitHashKey` overrides the partition key's. */
  put(stream: KinesisStream, record: IncomingRecord, explicitHashKey: bigint | undefined, now: number): PutOutcome {
    const hashKey = explicitHashKey ?? hashKeyOf(record.partitionKey)
    const shard = stream.shards[shardIndexOf(hashKey, stream.shards.length)]!
    this.expire(stream, shard, now)
    return shard.put(record, now)
  }

  /** Drops what a shard no longer has to keep. Called before every put and read, so no timer is needed. */
  expire(stream: KinesisStream, shard: Shard, now: number): void {
    const perShardBytes = Math.floor(this.retainedBytes / this.shardCount())
    shard.log.expire(now - stream.retentionHours * 3_600_000, perShardBytes)
  }

  private requireQuota(newShards: number): void {
    const shards = this.shardCount() + newShards
    if (shards <= kinesisLimits.shards) return
    const message = `This request would exceed the shard limit for the account ${this.accountId} in ${this.region}. Limit: ${kinesisLimits.shards}. Wanted: ${shards}. Delete a stream first.`
    throw new KinesisError('LimitExceededException', message)
  }

  private shardCount(): number {
    let shards = 0
    for (const stream of this.byName.values()) shards += stream.shards.length
    return shards
  }
}
