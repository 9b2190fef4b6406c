import type { StartingPosition } from '../kinesis/shard-reader'
import { type MappingConfig, type MappingDeps, MappingInUse, type MappingUpdate } from './mapping-config'
import { describeMapping, type MappingDescription, type MappingState } from './mapping-description'
import { type ShardFacts, ShardPoller } from './shard-poller'

/**
 * A mapping that runs from a stream to a function: a poller for each shard. Where the stream is resharded, the children
 * of a shard are read once all of its records are finished, and those of a merge once both parents are (documented): so
 * a key keeps its order.
 */
export class EventSourceMapping {
  private readonly pollers = new Map<string, ShardPoller>()
  private readonly drained = new Set<string>()
  private state: MappingState
  private lastModifiedMs: number
  private lastResult = 'No records processed'

  /**
   * Begins to poll, unless the mapping is not enabled. LATEST means from now on. Rejections of `deps.invoke` are bugs
   * and are not caught.
   */
  constructor(
    private config: MappingConfig,
    private readonly deps: MappingDeps,
  ) {
    this.state = config.enabled ? 'Enabled' : 'Disabled'
    this.lastModifiedMs = deps.now()
    const first = deps.reader.firstShards(config.startingPosition)
    for (const shardId of first) this.add(shardId, config.startingPosition)
    // Spread over the interval: the shards of a stream are not polled in step on AWS either, and in step they would all
    // wait the longest together.
    if (config.enabled)
      for (const [index, shardId] of first.entries())
        this.pollers.get(shardId)!.start((config.pollIntervalMs * index) / first.length)
  }

  /** Changes the mapping while it runs: `Updating` until every shard goes by it. Throws MappingInUse meanwhile. */
  update({ parallelizationFactor = this.config.parallelizationFactor }: MappingUpdate): MappingDescription {
    if (this.state === 'Updating') throw new MappingInUse('The event source mapping is being updated; try again later.')
    const before = this.state
    this.config = { ...this.config, parallelizationFactor }
    this.enter('Updating')
    const resized = [...this.pollers.values()].map((poller) => poller.resize(parallelizationFactor))
    void Promise.all(resized).then(() => {
      if (this.state === 'Updating') this.enter(before)
    })
    return this.describe()
  }

  /**
   * Resolves when all invocations in flight have come back; no timer is left. What was read and not sent is not sent
   * any more.
   */
  async stop(): Promise<void> {
    this.enter('Disabling')
    await Promise.all([...this.pollers.values()].map((poller) => poller.stop()))
    this.enter('Disabled')
  }

  /** As Lambda's API lists it. */
  describe(): MappingDescription {
    const { state, lastModifiedMs, lastResult } = this
    return describeMapping(this.config, { state, lastModifiedMs, lastResult })
  }

  /** One entry per shard that was ever read, in the order in which that began. */
  shards(): readonly ShardFacts[] {
    return [...this.pollers.values()].map((poller) => poller.facts())
  }

  private add(shardId: string, start: StartingPosition): ShardPoller {
    const cursor = this.deps.reader.open(shardId, start)
    const poller = new ShardPoller(cursor, this.config, this.deps, {
      report: (result) => {
        this.lastResult = result
      },
      drained: (drained) => this.followUp(drained),
    })
    this.pollers.set(shardId, poller)
    return poller
  }

  private followUp(drainedShardId: string): void {
    const { reader } = this.deps
    this.drained.add(drainedShardId)
    const ready = reader.childrenOf(drainedShardId).filter((child) => {
      const parents = reader.parentsOf(child)
      return !this.pollers.has(child) && parents.every((parent) => this.drained.has(parent))
    })
    for (const child of ready) this.add(child, childStart(this.config.startingPosition)).start(0)
  }

  private enter(next: MappingState): void {
    this.state = next
    this.lastModifiedMs = this.deps.now()
  }
}

/** A child opened after the mapping began: of it, LATEST wants everything. */
function childStart(start: StartingPosition): StartingPosition {
  return start.kind === 'LATEST' ? { kind: 'TRIM_HORIZON' } : start
}
