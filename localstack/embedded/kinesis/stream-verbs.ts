import type { KinesisStore } from './kinesis-store'
import type { KinesisStream, StreamMode } from './kinesis-stream'
import { KinesisError, kinesisLimits } from './limits'
import {
  optionalInteger,
  optionalText,
  type RequestFields,
  requestedStream,
  requiredStreamName,
} from './request-fields'
import { warmThroughput } from './scaling-verbs'
import type { Shard } from './shard'
import { hashKeyRange, shardFilter } from './shard-listing'

/** CreateStream. The stream is active at once; AWS takes some seconds. */
export function createStream(store: KinesisStore, fields: RequestFields, now: number): undefined {
  refuseNotEmbedded(fields)
  store.createStream({ name: requiredStreamName(fields), mode: requestedMode(fields) }, now)
}

function requestedMode(fields: RequestFields): StreamMode {
  const details = (fields.StreamModeDetails ?? {}) as RequestFields
  const mode =
    optionalText(details, 'StreamMode', { min: 1, max: 64, pattern: /^(PROVISIONED|ON_DEMAND)$/ }) ?? 'PROVISIONED'
  const shardCount = optionalInteger(fields, 'ShardCount', 1, kinesisLimits.shards)
  if (mode === 'ON_DEMAND') {
    if (shardCount !== undefined)
      throw new KinesisError('InvalidArgumentException', 'ShardCount must not be given for an ON_DEMAND stream.')
    return { kind: 'ON_DEMAND' }
  }
  if (shardCount === undefined)
    throw new KinesisError('InvalidArgumentException', 'ShardCount is required for a PROVISIONED stream.')
  return { kind: 'PROVISIONED', shardCount }
}

/** What would change where records go or how large they may be must not be ignored. */
function refuseNotEmbedded(fields: RequestFields): void {
  const strategy = fields.RecordDistributionStrategy ?? 'USER_PARTITION_KEY'
  if (strategy !== 'USER_PARTITION_KEY')
    throw new KinesisError(
      'InvalidArgumentException',
      `RecordDistributionStrategy ${strategy} is not embedded; use USER_PARTITION_KEY.`,
    )
  const recordKib = fields.MaxRecordSizeInKiB ?? 1024
  if (recordKib !== 1024)
    throw new KinesisError('InvalidArgumentException', 'MaxRecordSizeInKiB other than 1024 is not embedded.')
}

export function deleteStream(store: KinesisStore, fields: RequestFields): undefined {
  const { name, consumers } = requestedStream(store, fields)
  if (consumers.size > 0 && fields.EnforceConsumerDeletion !== true)
    throw new KinesisError('ResourceInUseException', `Stream ${name} has consumers; give EnforceConsumerDeletion.`)
  store.deleteStream(name)
}

export function describeStream(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const limit = optionalInteger(fields, 'Limit', 1, 10_000) ?? 100
  const after = optionalText(fields, 'ExclusiveStartShardId', { min: 1, max: 128 })
  const { page, more } = pageAfter(stream.known(now), (shard) => shard.id, after, limit)
  return { StreamDescription: { ...description(stream, now), Shards: page.map(shardDescription), HasMoreShards: more } }
}

export function describeStreamSummary(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const facts = {
    OpenShardCount: stream.open.length,
    ConsumerCount: stream.consumers.size,
    MaxRecordSizeInKiB: kinesisLimits.recordBytes / 1024,
  }
  const warm = stream.warmMiBps === undefined ? {} : { WarmThroughput: warmThroughput(stream.warmMiBps) }
  return { StreamDescriptionSummary: { ...description(stream, now), ...facts, ...warm } }
}

export function listShards(store: KinesisStore, fields: RequestFields, now: number): object {
  const token = optionalText(fields, 'NextToken', { min: 1, max: 1_048_576 })
  const { stream, after, filter } = token === undefined ? firstPage(store, fields) : nextPage(store, token)
  const limit = optionalInteger(fields, 'MaxResults', 1, 10_000) ?? 1000
  const selected = stream.known(now).filter(shardFilter(filter, stream, now))
  const { page, more } = pageAfter(selected, (shard) => shard.id, after, limit)
  const nextToken = more ? { NextToken: tokenOf(stream.name, page.at(-1)!.id, filter) } : {}
  return { Shards: page.map(shardDescription), ...nextToken }
}

interface ShardPage {
  readonly stream: KinesisStream
  readonly after: string | undefined
  readonly filter: RequestFields
}

function firstPage(store: KinesisStore, fields: RequestFields): ShardPage {
  const filter = (fields.ShardFilter ?? {}) as RequestFields
  const filtered = filter.Type === 'AFTER_SHARD_ID' ? optionalText(filter, 'ShardId', { min: 1, max: 128 }) : undefined
  const after = optionalText(fields, 'ExclusiveStartShardId', { min: 1, max: 128 }) ?? filtered
  return { stream: requestedStream(store, fields), after, filter }
}

/** The token carries the filter: the requests for further pages must not. */
function tokenOf(streamName: string, shardId: string, filter: RequestFields): string {
  return Buffer.from(`${streamName}/${shardId}/${JSON.stringify(filter)}`).toString('base64')
}

function nextPage(store: KinesisStore, token: string): ShardPage {
  const [, name, shardId, filter] = /^([^/]+)\/([^/]+)\/(\{.*\})$/.exec(Buffer.from(token, 'base64').toString()) ?? []
  if (!name || !shardId || !filter) throw new KinesisError('InvalidArgumentException', 'NextToken is invalid.')
  return { stream: store.stream(name), after: shardId, filter: JSON.parse(filter) }
}

export function listStreams(store: KinesisStore, fields: RequestFields, now: number): object {
  const limit = optionalInteger(fields, 'Limit', 1, 10_000) ?? 100
  const after =
    optionalText(fields, 'NextToken', { min: 1, max: 1_048_576 }) ??
    optionalText(fields, 'ExclusiveStartStreamName', { min: 1, max: 128 })
  const { page, more } = pageAfter(store.streams(), (stream) => stream.name, after, limit)
  const nextToken = more ? { NextToken: page.at(-1)!.name } : {}
  return {
    StreamNames: page.map((stream) => stream.name),
    StreamSummaries: page.map((stream) => summary(stream, now)),
    HasMoreStreams: more,
    ...nextToken,
  }
}

function pageAfter<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  after: string | undefined,
  limit: number,
) {
  const rest = after === undefined ? items : items.filter((item) => idOf(item) > after)
  return { page: rest.slice(0, limit), more: rest.length > limit }
}

function summary(stream: KinesisStream, now: number): object {
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    StreamStatus: stream.status(now),
    StreamModeDetails: { StreamMode: stream.mode },
    StreamCreationTimestamp: stream.createdMs / 1000,
  }
}

function description(stream: KinesisStream, now: number): object {
  const fixed = {
    RetentionPeriodHours: stream.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
  }
  return { ...summary(stream, now), ...fixed }
}

function shardDescription(shard: Shard): object {
  const [parent, adjacent] = shard.parents
  const ending = shard.endingSequenceNumber
  return {
    ShardId: shard.id,
    ...(parent && { ParentShardId: parent.id }),
    ...(adjacent && { AdjacentParentShardId: adjacent.id }),
    HashKeyRange: hashKeyRange(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startingSequenceNumber,
      ...(ending !== undefined && { EndingSequenceNumber: ending }),
    },
  }
}
