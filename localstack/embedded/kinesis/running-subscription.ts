import { Readable } from 'node:stream'
import { EventStreamCodec } from '@smithy/core/event-streams'
import type { StartTimer } from '../timers'
import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import type { KinesisError } from './limits'
import { childShards, recordOnWire } from './read-verbs'
import type { Shard } from './shard'
import { nextStep, type Subscription, type SubscriptionStep } from './subscription'

export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => Buffer.from(text),
)

/** An event of an answer that never ends, as AWS frames it. */
export function eventMessage(type: string, event: object): Uint8Array {
  return message({ ':message-type': 'event', ':event-type': type }, event)
}

/** How such an answer ends when it fails. */
export function exceptionMessage({ code, message: text }: KinesisError): Uint8Array {
  return message({ ':message-type': 'exception', ':exception-type': code }, { message: text })
}

function message(headers: Readonly<Record<string, string>>, body: object): Uint8Array {
  const all = Object.entries({ ...headers, ':content-type': 'application/x-amz-json-1.1' })
  const typed = Object.fromEntries(all.map(([name, value]) => [name, { type: 'string' as const, value }]))
  return codec.encode({ headers: typed, body: Buffer.from(JSON.stringify(body)) })
}

/** What drives a subscription. `now` is epoch milliseconds. */
export interface SubscriptionClock {
  readonly now: () => number
  readonly startTimer: StartTimer
}

/** What is subscribed to. */
export interface SubscribedShard {
  readonly store: KinesisStore
  readonly stream: KinesisStream
  readonly shard: Shard
}

/** Does what `nextStep` decides. A client that does not read is pushed nothing, as far as buffers do not take it. */
export class RunningSubscription {
  /** The events, framed. Ends with the subscription; who destroys it ends the subscription. */
  readonly body: Readable
  private ended = false
  private stopWaiting = () => {}

  constructor(
    private readonly source: SubscribedShard,
    private subscription: Subscription,
    private readonly clock: SubscriptionClock,
  ) {
    this.body = new Readable({
      read: () => this.proceed(),
      destroy: (error, done) => {
        this.stopWaiting()
        done(error)
      },
    })
  }

  /** Ends it with an exception; once it has ended, nothing happens any more. */
  end(reason: KinesisError): void {
    this.stopWaiting()
    if (this.ended || this.body.destroyed) return
    this.body.push(exceptionMessage(reason))
    this.finish()
  }

  private proceed(): void {
    this.stopWaiting()
    const { store, stream, shard } = this.source
    const now = this.clock.now()
    store.expire(stream, shard, now)
    const step = nextStep(this.subscription, shard, now)
    switch (step.kind) {
      case 'wait':
        this.stopWaiting = wait(shard, step.untilMs - now, this.clock, () => this.proceed())
        return
      case 'push':
        this.subscription = step.next
        this.body.push(eventMessage('SubscribeToShardEvent', pushOnWire(this.source, step, now)))
        if (step.isEnd) this.finish()
        return
      case 'over':
        this.finish()
    }
  }

  private finish(): void {
    this.ended = true
    this.body.push(null)
  }
}

/** Calls `fire` once, after the delay or at news in the shard; returns how to prevent that. */
function wait(shard: Shard, delayMs: number, { startTimer }: SubscriptionClock, fire: () => void): () => void {
  const stops = [shard.onNews(fire), startTimer(delayMs, fire)]
  return () => {
    for (const stop of stops) stop()
  }
}

type Push = Extract<SubscriptionStep, { kind: 'push' }>

/** At the end of a closed shard there is nothing to continue from, but the shards that took over. */
function pushOnWire({ stream, shard }: SubscribedShard, { records, isEnd, next }: Push, now: number): object {
  return {
    Records: records.map(recordOnWire),
    MillisBehindLatest: shard.millisBehindLatest(next.nextOrdinal, now),
    ContinuationSequenceNumber: isEnd ? null : shard.sequenceNumberAt(next.nextOrdinal - 1),
    ...(isEnd && { ChildShards: childShards(stream, shard) }),
  }
}
