import { KinesisStream, type StreamMode } from './kinesis-stream'
import { hashKeyOf, KinesisError, kinesisLimits } from './limits'
import type { IncomingRecord, PutOutcome, Shard } from './shard'

export interface KinesisStoreOptions {
  readonly region: string
  readonly accountId: string
  /**
   * What all shards together may hold; above it the oldest records expire early. A day at the full rate of one shard is
   * 86 GB, so memory needs a limit besides time; the default is four minutes of one full shard, or one of four.
   */
  readonly retainedBytes: number
}

const defaults: KinesisStoreOptions = {
  region: 'us-east-1',
  accountId: '000000000000',
  retainedBytes: 256 * 1024 * 1024,
}

export interface NewStream {
  readonly name: string
  readonly mode: StreamMode
  readonly retentionHours?: number
}

/**
 * All streams of one embedded cloud, in memory. Knows no clock and no wire: every call that depends on time is given
 * `now` in epoch milliseconds.
 */
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
    const identity = {
      name: wanted.name,
      arn: `arn:aws:kinesis:${this.region}:${this.accountId}:stream/${wanted.name}`,
      mode: wanted.mode.kind,
      createdMs: this.nextEpochMs(now),
      retentionHours: wanted.retentionHours ?? kinesisLimits.defaultRetentionHours,
    }
    const stream = new KinesisStream(identity, shardCount)
    this.byName.set(stream.name, stream)
    return stream
  }

  /** Makes the stream one of `target` even shards; throws LimitExceededException above the quota of shards. */
  reshard(stream: KinesisStream, target: number, now: number): void {
    this.requireQuota(target - stream.open.length)
    stream.reshard(target, () => this.nextEpochMs(now), now)
  }

  /** Ends the subscriptions of its consumers, too. Throws ResourceNotFoundException. */
  deleteStream(name: string): void {
    const { consumers } = this.stream(name)
    this.byName.delete(name)
    for (const { subscriptions } of consumers.values()) subscriptions.endAll(this.notFound(name))
  }

  /** Throws ResourceNotFoundException. */
  stream(name: string): KinesisStream {
    const stream = this.byName.get(name)
    if (stream) return stream
    throw this.notFound(name)
  }

  private notFound(name: string): KinesisError {
    return new KinesisError('ResourceNotFoundException', `Stream ${name} under account ${this.accountId} not found.`)
  }

  /** By name, as AWS lists them. */
  streams(): readonly KinesisStream[] {
    return [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Puts one record where its hash key belongs. `explicitHashKey` overrides the partition key's. */
  put(stream: KinesisStream, record: IncomingRecord, explicitHashKey: bigint | undefined, now: number): PutOutcome {
    const hashKey = explicitHashKey ?? hashKeyOf(record.partitionKey)
    const shard = stream.shardFor(hashKey)
    this.expire(stream, shard, now)
    const outcome = shard.put(record, now)
    this.makeRoom()
    return outcome
  }

  /** Drops what a shard no longer has to keep. Called before every put and read, so no timer is needed. */
  expire(stream: KinesisStream, shard: Shard, now: number): void {
    shard.log.expire(now - stream.retentionHours * 3_600_000)
  }

  /**
   * The oldest go first, in whatever shard: those that were closed have the oldest, and most likely nobody waits for
   * them.
   */
  private makeRoom(): void {
    while (this.heldBytes() > this.retainedBytes) {
      const shards = [...this.byName.values()].flatMap((stream) => stream.shards)
      const full = shards.map(({ log }) => log).filter(({ bytes }) => bytes > 0)
      full.reduce((one, other) => (other.arrivalMsAt(0)! < one.arrivalMsAt(0)! ? other : one)).dropOldest()
    }
  }

  private heldBytes(): number {
    let bytes = 0
    for (const { shards } of this.byName.values()) for (const { log } of shards) bytes += log.bytes
    return bytes
  }

  /**
   * Distinct epochs keep the sequence numbers of what is made later, even within a millisecond, above the older ones.
   */
  private nextEpochMs(now: number): number {
    this.lastEpochMs = Math.max(now, this.lastEpochMs + 1)
    return this.lastEpochMs
  }

  /** Throws LimitExceededException when so many more would be too many. */
  requireQuota(newShards: number): void {
    const shards = this.shardCount() + newShards
    if (shards <= kinesisLimits.shards) return
    const message = `This request would exceed the shard limit for the account ${this.accountId} in ${this.region}. Limit: ${kinesisLimits.shards}. Wanted: ${shards}. Delete a stream first.`
    throw new KinesisError('LimitExceededException', message)
  }

  private shardCount(): number {
    let shards = 0
    for (const stream of this.byName.values()) shards += stream.open.length
    return shards
  }
}
