import { evenRanges, type HashKeyRange, KinesisError, kinesisLimits } from './limits'
import { type ReshardStep, reshardSteps } from './resharding'
import { Shard } from './shard'
import type { Subscriptions } from './subscriptions'

export type StreamMode = { readonly kind: 'PROVISIONED'; readonly shardCount: number } | { readonly kind: 'ON_DEMAND' }

/** What a stream is made with and keeps. */
export interface StreamIdentity {
  readonly name: string
  readonly arn: string
  readonly mode: StreamMode['kind']
  readonly createdMs: number
  readonly retentionHours: number
}

/** A reader for which each shard has a way of its own, on which records are pushed. */
export interface StreamConsumer {
  readonly name: string
  readonly arn: string
  readonly createdMs: number
  readonly subscriptions: Subscriptions
}

/** How long a stream is UPDATING. The shards change at once here; AWS takes half a minute or more for both. */
const UPDATING_MS = 1000

/** A stream and its shards, active from the moment it is made. */
export class KinesisStream implements StreamIdentity {
  readonly name: string
  readonly arn: string
  readonly mode: StreamMode['kind']
  readonly createdMs: number
  readonly retentionHours: number
  /** MiB/s that an on-demand stream was asked to be ready for. */
  warmMiBps: number | undefined
  /** By name. */
  readonly consumers = new Map<string, StreamConsumer>()
  private readonly all: Shard[]
  private openShards: readonly Shard[]
  private updatedAtMs = Number.NEGATIVE_INFINITY
  private countUpdatesMs: readonly number[] = []

  constructor(identity: StreamIdentity, shardCount: number) {
    this.name = identity.name
    this.arn = identity.arn
    this.mode = identity.mode
    this.createdMs = identity.createdMs
    this.retentionHours = identity.retentionHours
    this.all = evenRanges(shardCount).map((range, index) => new Shard(identity.createdMs, index, range))
    this.openShards = [...this.all]
  }

  /** Each shard that ever was, at its index. */
  get shards(): readonly Shard[] {
    return this.all
  }

  /** Those that take records, in the order of their hash keys, of which they cover all. */
  get open(): readonly Shard[] {
    return this.openShards
  }

  /** What is listed: a shard is gone once its last record must have expired. */
  known(now: number): readonly Shard[] {
    const horizonMs = now - this.retentionHours * 3_600_000
    return this.all.filter(({ closedMs }) => closedMs === undefined || closedMs >= horizonMs)
  }

  shardFor(hashKey: bigint): Shard {
    return this.openShards.find(({ range }) => hashKey <= range.end)!
  }

  status(now: number): 'ACTIVE' | 'UPDATING' {
    return now < this.updatedAtMs + UPDATING_MS ? 'UPDATING' : 'ACTIVE'
  }

  /** Counts a call of UpdateShardCount; throws LimitExceededException for one too many within 24 hours. */
  countUpdate(now: number): void {
    const sinceMs = now - kinesisLimits.shardCountUpdatesWithinMs
    const recent = this.countUpdatesMs.filter((atMs) => atMs > sinceMs)
    if (recent.length >= kinesisLimits.shardCountUpdates)
      throw new KinesisError(
        'LimitExceededException',
        `Stream ${this.name} was scaled ${recent.length} times within 24 hours; the limit is ${kinesisLimits.shardCountUpdates}.`,
      )
    this.countUpdatesMs = [...recent, now]
  }

  /**
   * Splits and merges until there are `target` even shards. `nextEpochMs` gives each step a time of its own, above all
   * before it.
   */
  reshard(target: number, nextEpochMs: () => number, now: number): void {
    const ranges = this.openShards.map(({ range }) => range)
    for (const step of reshardSteps(ranges, target)) this.take(step, nextEpochMs(), now)
    this.updatedAtMs = now
  }

  private take(step: ReshardStep, epochMs: number, now: number): void {
    const parents = this.openShards.slice(step.index, step.index + (step.kind === 'split' ? 1 : 2))
    const children = rangesAfter(step, parents).map((range) => {
      const shard = new Shard(epochMs, this.all.length, range, parents, now)
      this.all.push(shard)
      return shard
    })
    this.openShards = this.openShards.toSpliced(step.index, parents.length, ...children)
    for (const parent of parents) parent.close(now)
  }
}

function rangesAfter(step: ReshardStep, parents: readonly Shard[]): readonly HashKeyRange[] {
  const [start, end] = [parents[0]!.range.start, parents.at(-1)!.range.end]
  switch (step.kind) {
    case 'split':
      return [
        { start, end: step.at - 1n },
        { start: step.at, end },
      ]
    case 'merge':
      return [{ start, end }]
  }
}
