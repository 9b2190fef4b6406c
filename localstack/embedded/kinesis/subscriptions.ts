import { KinesisError, kinesisLimits } from './limits'

/** `end` ends a subscription with that exception; one that has ended already stays as it is. */
export interface Endable {
  readonly end: (reason: KinesisError) => void
}

/** When SubscribeToShard was last called for a consumer and a shard. Epoch milliseconds. */
export interface SubscribeCalls {
  readonly grantedMs?: number
  /** The last call that came too early to take over. One that was throttled does not count. */
  readonly inUseMs?: number
}

/** AWS: one call a second, and no takeover within 5 s of a call that succeeded. */
export function verdictOn(
  { grantedMs = Number.NEGATIVE_INFINITY, inUseMs = Number.NEGATIVE_INFINITY }: SubscribeCalls,
  now: number,
): 'granted' | 'in_use' | 'throttled' {
  if (now - inUseMs < kinesisLimits.subscribeCallsApartMs) return 'throttled'
  return now - grantedMs < kinesisLimits.subscriptionKeptMs ? 'in_use' : 'granted'
}

/** The subscriptions of one consumer: at most one for each shard. */
export class Subscriptions {
  private readonly calls = new Map<string, SubscribeCalls>()
  private readonly running = new Map<string, Endable>()

  /**
   * Lets a call begin a subscription, which ends the one before it. Throws ResourceInUseException for a call too early
   * after that one, LimitExceededException for calls too fast.
   */
  begin<Running extends Endable>(shardId: string, now: number, begin: () => Running): Running {
    const calls = this.calls.get(shardId) ?? {}
    switch (verdictOn(calls, now)) {
      case 'throttled':
        throw new KinesisError(
          'LimitExceededException',
          `SubscribeToShard may be called once a second for each consumer and shard; call it for ${shardId} later.`,
        )
      case 'in_use':
        this.calls.set(shardId, { ...calls, inUseMs: now })
        throw new KinesisError(
          'ResourceInUseException',
          `Another subscription to ${shardId} by this consumer began within ${kinesisLimits.subscriptionKeptMs} ms; it can be taken over after that.`,
        )
      case 'granted':
        this.calls.set(shardId, { grantedMs: now })
        return this.takeOver(shardId, begin)
    }
  }

  private takeOver<Running extends Endable>(shardId: string, begin: () => Running): Running {
    const message = `Another call by this consumer took over ${shardId}.`
    this.running.get(shardId)?.end(new KinesisError('ResourceInUseException', message))
    const running = begin()
    this.running.set(shardId, running)
    return running
  }

  endAll(reason: KinesisError): void {
    for (const running of this.running.values()) running.end(reason)
    this.running.clear()
  }
}
