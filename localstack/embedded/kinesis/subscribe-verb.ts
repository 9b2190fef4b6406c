import { randomUUID } from 'node:crypto'
import type { WireResponse } from '../wire'
import { consumerOf } from './consumer-verbs'
import { EVENT_STREAM, eventMessage } from './event-stream'
import type { KinesisStore } from './kinesis-store'
import { invalidField, type RequestFields, requestedShard, requiredText } from './request-fields'
import { RunningSubscription, type SubscriptionClock } from './running-subscription'
import { type PositionNames, requestedOrdinal } from './starting-position'
import { newSubscription } from './subscription'

const names: PositionNames = { verb: 'SubscribeToShard', type: 'Type', sequenceNumber: 'SequenceNumber' }

/** SubscribeToShard: the answer goes on for five minutes, with an event for all that is pushed. */
export function subscribeToShard(store: KinesisStore, fields: RequestFields, clock: SubscriptionClock): WireResponse {
  const now = clock.now()
  const { stream, consumer } = consumerOf(store, requiredText(fields, 'ConsumerARN', { min: 1, max: 2048 }))
  const shard = requestedShard(store, stream, fields)
  const nextOrdinal = requestedOrdinal(stream, shard, positionOf(fields), names)
  const run = () => new RunningSubscription({ store, stream, shard }, newSubscription(nextOrdinal, now), clock)
  const { body: rest } = consumer.subscriptions.begin(shard.id, now, run)
  const headers = { 'content-type': EVENT_STREAM, 'x-amzn-requestid': randomUUID() }
  return { status: 200, headers, body: Buffer.from(eventMessage('initial-response', {})), rest }
}

function positionOf({ StartingPosition: position }: RequestFields): RequestFields {
  if (typeof position === 'object' && position !== null) return position as RequestFields
  throw invalidField('StartingPosition', 'Member must not be null')
}
