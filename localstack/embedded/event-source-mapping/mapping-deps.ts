import type { ShardReader } from '../kinesis/shard-reader'
import type { StartTimer } from '../timers'
import type { InvokeFunction } from '../wire'

/** What a mapping needs of the world around it. */
export interface MappingDeps {
  readonly reader: ShardReader
  readonly invoke: InvokeFunction
  /**
   * Delivers the notice of a discarded batch; may reject, which is noted and does not hold up the shard (as on AWS).
   */
  readonly sendToDestination: (arn: string, body: string) => Promise<void>
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly startTimer: StartTimer
}
