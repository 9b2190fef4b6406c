import type { EventSourceMapping } from './event-source-mapping/event-source-mapping'
import type { ShardFacts } from './event-source-mapping/shard-poller'
import type { KinesisStore } from './kinesis/kinesis-store'
import type { KinesisStream } from './kinesis/kinesis-stream'
import type { FunctionHost } from './lambda/function-host'
import type { FunctionStats } from './lambda/pool'

/** What happened in the embedded cloud since it started; AWS would show it in CloudWatch. */
export interface EmbeddedStats {
  readonly functions: Readonly<Record<string, FunctionStats>>
  /** Records ever put, by stream. */
  readonly streams: Readonly<Record<string, { readonly records: number }>>
  /** By function: what its event source mapping knows of each shard. */
  readonly mappings: Readonly<Record<string, readonly ShardFacts[]>>
}

export function statsOf(
  functions: FunctionHost,
  kinesis: KinesisStore,
  mappings: readonly EventSourceMapping[],
): EmbeddedStats {
  return {
    functions: functions.stats(),
    streams: Object.fromEntries(kinesis.streams().map((stream) => [stream.name, { records: recordsPut(stream) }])),
    mappings: Object.fromEntries(mappings.map((mapping) => [functionOf(mapping), mapping.shards()])),
  }
}

/** The first record of a shard has the ordinal 1. */
function recordsPut({ shards }: KinesisStream): number {
  return shards.reduce((sum, { log }) => sum + log.nextOrdinal - 1, 0)
}

function functionOf(mapping: EventSourceMapping): string {
  return mapping.describe().FunctionArn.split(':').at(-1) ?? ''
}
