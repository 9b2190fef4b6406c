import { BurstFunction } from '../../cloud/burst-function'
import type { kinesisClient } from '../../cloud/clients'
import { type Deployment, streamOf } from '../../cloud/deployment'
import type { FunctionInvoker } from '../../cloud/functions'
import { KinesisStream } from '../../cloud/stream'
import type { Config } from '../config/config'
import { systemClock } from '../observe/clock'
import type { Transport } from './envelope-sender'
import { InvokeSender } from './invoke-sender'
import { BurstSender } from './stream-sender'

/** What a way to the functions takes. */
export interface Ways {
  readonly kinesis: ReturnType<typeof kinesisClient>
  readonly burst: FunctionInvoker
}

/**
 * How envelopes reach the functions: the way that the configuration names. Throws CloudUnread where that needs a stream
 * and there is none.
 */
export function transportOf(config: Config, { kinesis, burst }: Ways, deployment: Deployment): Transport {
  switch (config.transport) {
    case 'kinesis': {
      const overflow = new KinesisStream(kinesis, streamOf(deployment, config.stack))
      return (hooks) => new BurstSender(overflow, hooks, systemClock)
    }
    case 'invoke': {
      const fold = new BurstFunction(burst)
      return (hooks) => new InvokeSender(fold, () => config.maxInvokes, hooks, systemClock)
    }
  }
}
