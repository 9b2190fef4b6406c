import { randomUUID } from 'node:crypto'
import type { WireResponse } from '../wire'
import type { KinesisStore } from './kinesis-store'
import type { KinesisStream, StreamConsumer } from './kinesis-stream'
import { KinesisError, kinesisLimits } from './limits'
import {
  invalidField,
  optionalInteger,
  optionalText,
  type RequestFields,
  requestedShard,
  requestedStream,
  requiredText,
} from './request-fields'
import { EVENT_STREAM, eventMessage, RunningSubscription, type SubscriptionClock } from './running-subscription'
import { type PositionNames, requestedOrdinal } from './starting-position'
import { newSubscription } from './subscription'
import { Subscriptions } from './subscriptions'

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

const nameRule = { min: 1, max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ }
const arnRule = { min: 1, max: 2048 }

/** RegisterStreamConsumer. The consumer is active at once; AWS takes some seconds. */
export function registerStreamConsumer(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, { StreamARN: requiredText(fields, 'StreamARN', arnRule) })
  const consumer = registerConsumer(stream, requiredText(fields, 'ConsumerName', nameRule), now)
  return { Consumer: onWire(consumer) }
}

/** Throws ResourceInUseException when the name is taken, LimitExceededException above the quota. */
export function registerConsumer(stream: KinesisStream, name: string, createdMs: number): StreamConsumer {
  if (stream.consumers.has(name))
    throw new KinesisError('ResourceInUseException', `Consumer ${name} of stream ${stream.name} already exists.`)
  if (stream.consumers.size >= kinesisLimits.consumersPerStream) {
    const message = `Stream ${stream.name} has ${stream.consumers.size} consumers; the limit is ${kinesisLimits.consumersPerStream}.`
    throw new KinesisError('LimitExceededException', message)
  }
  const arn = `${stream.arn}/consumer/${name}:${Math.floor(createdMs / 1000)}`
  const consumer = { name, arn, createdMs, subscriptions: new Subscriptions() }
  stream.consumers.set(name, consumer)
  return consumer
}

export function describeStreamConsumer(store: KinesisStore, fields: RequestFields): object {
  const { stream, consumer } = requested(store, fields)
  return { ConsumerDescription: { ...onWire(consumer), StreamARN: stream.arn } }
}

export function deregisterStreamConsumer(store: KinesisStore, fields: RequestFields): undefined {
  const { stream, consumer } = requested(store, fields)
  deregisterConsumer(stream, consumer.name)
}

/** Ends its subscriptions, too. */
export function deregisterConsumer(stream: KinesisStream, name: string): void {
  const consumer = stream.consumers.get(name)
  if (consumer === undefined) return
  stream.consumers.delete(name)
  consumer.subscriptions.endAll(notFound(consumer.arn))
}

export function listStreamConsumers(store: KinesisStore, fields: RequestFields): object {
  const stream = requestedStream(store, { StreamARN: requiredText(fields, 'StreamARN', arnRule) })
  const limit = optionalInteger(fields, 'MaxResults', 1, 10_000) ?? 100 // there are never more
  return { Consumers: [...stream.consumers.values()].slice(0, limit).map(onWire) }
}

/** The consumer that a request names, by its ARN or by its name and that of the stream. */
function requested(store: KinesisStore, fields: RequestFields): { stream: KinesisStream; consumer: StreamConsumer } {
  const arn = optionalText(fields, 'ConsumerARN', arnRule)
  if (arn !== undefined) return consumerOf(store, arn)
  const stream = requestedStream(store, { StreamARN: requiredText(fields, 'StreamARN', arnRule) })
  const name = requiredText(fields, 'ConsumerName', nameRule)
  const consumer = stream.consumers.get(name)
  if (consumer !== undefined) return { stream, consumer }
  throw notFound(`${stream.arn}/consumer/${name}`)
}

/** The stream and the consumer of an ARN. Throws ResourceNotFoundException. */
export function consumerOf(store: KinesisStore, arn: string): { stream: KinesisStream; consumer: StreamConsumer } {
  const [, streamArn = ''] = /^(.+)\/consumer\/[^/]+$/.exec(arn) ?? []
  const stream = requestedStream(store, { StreamARN: streamArn })
  const consumer = [...stream.consumers.values()].find((each) => each.arn === arn)
  if (consumer !== undefined) return { stream, consumer }
  throw notFound(arn)
}

const notFound = (arn: string) => new KinesisError('ResourceNotFoundException', `Consumer ${arn} not found.`)

const onWire = ({ name, arn, createdMs }: StreamConsumer) => ({
  ConsumerName: name,
  ConsumerARN: arn,
  ConsumerStatus: 'ACTIVE',
  ConsumerCreationTimestamp: createdMs / 1000,
})
