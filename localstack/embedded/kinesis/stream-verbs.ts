import { KinesisError } from './kinesis-error'
import type { KinesisStore, KinesisStream, StreamMode } from './kinesis-store'
import { kinesisLimits } from './limits'
import {
  optionalInteger,
  optionalText,
  type RequestFields,
  requestedStream,
  requiredStreamName,
} from './request-fields'
import type { Shard } from './shard'

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
  store.deleteStream(requestedStream(store, fields).name)
}

export function describeStream(store: KinesisStore, fields: RequestFields): object {
  const stream = requestedStream(store, fields)
  const limit = optionalInteger(fields, 'Limit', 1, 10_000) ?? 100
  const after = optionalText(fields, 'ExclusiveStartShardId', { min: 1, max: 128 })
  const { page, more } = pageAfter(stream.shards, (shard) => shard.id, after, limit)
  return { StreamDescription: { ...description(stream), Shards: page.map(shardDescription), HasMoreShards: more } }
}

export function describeStreamSummary(store: KinesisStore, fields: RequestFields): object {
  const stream = requestedStream(store, fields)
  const facts = {
    OpenShardCount: stream.shards.length,
    ConsumerCount: 0,
    MaxRecordSizeInKiB: kinesisLimits.recordBytes / 1024,
  }
  return { StreamDescriptionSummary: { ...description(stream), ...facts } }
}

/** ListShards. No shard is ever closed here, so every filter but AFTER_SHARD_ID selects all of them. */
export function listShards(store: KinesisStore, fields: RequestFields): object {
  const token = optionalText(fields, 'NextToken', { min: 1, max: 1_048_576 })
  const { stream, after } = token === undefined ? firstPage(store, fields) : nextPage(store, token)
  const limit = optionalInteger(fields, 'MaxResults', 1, 10_000) ?? 1000
  const { page, more } = pageAfter(stream.shards, (shard) => shard.id, after, limit)
  const nextToken = more ? { NextToken: tokenOf(stream.name, page.at(-1)!.id) } : {}
  return { Shards: page.map(shardDescription), ...nextToken }
}

interface ShardPage {
  readonly stream: KinesisStream
  readonly after: string | undefined
}

function firstPage(store: KinesisStore, fields: RequestFields): ShardPage {
  const filter = (fields.ShardFilter ?? {}) as RequestFields
  const filtered = filter.Type === 'AFTER_SHARD_ID' ? optionalText(filter, 'ShardId', { min: 1, max: 128 }) : undefined
  const after = optionalText(fields, 'ExclusiveStartShardId', { min: 1, max: 128 }) ?? filtered
  return { stream: requestedStream(store, fields), after }
}

function tokenOf(streamName: string, shardId: string): string {
  return Buffer.from(`${streamName}/${shardId}`).toString('base64')
}

function nextPage(store: KinesisStore, token: string): ShardPage {
  const [name, shardId] = Buffer.from(token, 'base64').toString().split('/')
  if (!name || !shardId) throw new KinesisError('InvalidArgumentException', 'NextToken is invalid.')
  return { stream: store.stream(name), after: shardId }
}

export function listStreams(store: KinesisStore, fields: RequestFields): object {
  const limit = optionalInteger(fields, 'Limit', 1, 10_000) ?? 100
  const after =
    optionalText(fields, 'NextToken', { min: 1, max: 1_048_576 }) ??
    optionalText(fields, 'ExclusiveStartStreamName', { min: 1, max: 128 })
  const { page, more } = pageAfter(store.streams(), (stream) => stream.name, after, limit)
  const nextToken = more ? { NextToken: page.at(-1)!.name } : {}
  return {
    StreamNames: page.map((stream) => stream.name),
    StreamSummaries: page.map(summary),
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

function summary(stream: KinesisStream): object {
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: stream.mode },
    StreamCreationTimestamp: stream.createdMs / 1000,
  }
}

function description(stream: KinesisStream): object {
  const fixed = {
    RetentionPeriodHours: stream.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
  }
  return { ...summary(stream), ...fixed }
}

function shardDescription(shard: Shard): object {
  return {
    ShardId: shard.id,
    HashKeyRange: { StartingHashKey: String(shard.range.start), EndingHashKey: String(shard.range.end) },
    SequenceNumberRange: { StartingSequenceNumber: shard.startingSequenceNumber },
  }
}
