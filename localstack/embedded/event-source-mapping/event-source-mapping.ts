import type { MappingConfig } from './mapping-config'
import type { MappingDeps } from './mapping-deps'
import { describeMapping, type MappingDescription, type MappingState } from './mapping-description'
import { type ShardFacts, ShardPoller } from './shard-poller'

/** A mapping that runs from a stream to a function. */
export interface EventSourceMapping {
  /** Resolves when all invocations in flight have come back; no timer is left. What was read and not sent is not sent any more. */
  stop(): Promise<void>
  /** As Lambda's API lists it. */
  describe(): MappingDescription
  /** One entry per shard, in the order of the shards. */
  shards(): readonly ShardFacts[]
}

/**
 * Starts a poller for each shard of the stream that `deps.reader` reads. LATEST means from now on. A mapping that is not enabled polls
 * nothing. Rejections of `deps.invoke` are bugs and are not caught.
 */
export function startEventSourceMapping(config: MappingConfig, deps: MappingDeps): EventSourceMapping {
  let state: MappingState = config.enabled ? 'Enabled' : 'Disabled'
  let lastModifiedMs = deps.now()
  let lastResult = 'No records processed'
  const enter = (next: MappingState) => {
    state = next
    lastModifiedMs = deps.now()
  }
  const pollers = deps.reader.shardIds.map((shardId) => {
    const cursor = deps.reader.open(shardId, config.startingPosition)
    return new ShardPoller(cursor, config, deps, (result) => {
      lastResult = result
    })
  })
  // Spread over the interval: the shards of a stream are not polled in step on AWS either, and in step they would all wait the longest together.
  if (config.enabled)
    for (const [index, poller] of pollers.entries()) poller.start((config.pollIntervalMs * index) / pollers.length)
  return {
    async stop() {
      enter('Disabling')
      await Promise.all(pollers.map((poller) => poller.stop()))
      enter('Disabled')
    },
    describe: () => describeMapping(config, { state, lastModifiedMs, lastResult }),
    shards: () => pollers.map((poller) => poller.facts()),
  }
}
