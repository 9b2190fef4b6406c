import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import { HASH_KEYS, KinesisError, kinesisLimits } from './limits'
import { invalidField, optionalText, type RequestFields, requestedStream, requiredText } from './request-fields'
import type { IncomingRecord } from './shard'

interface PutEntry {
  readonly record: IncomingRecord
  readonly explicitHashKey: bigint | undefined
}

/** PutRecord. A full shard is an error of the call. */
export function putRecord(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const { record, explicitHashKey } = entryOf(fields)
  const outcome = store.put(stream, record, explicitHashKey, now)
  switch (outcome.kind) {
    case 'stored':
      return { ShardId: outcome.shardId, SequenceNumber: outcome.sequenceNumber, EncryptionType: 'NONE' }
    case 'throttled':
      throw new KinesisError('ProvisionedThroughputExceededException', rateExceeded(store, stream, outcome.shardId))
  }
}

/**
 * PutRecords. A full shard fails single records inside a successful answer, and the records after them are still tried;
 * what is wrong with the request itself fails all of it.
 */
export function putRecords(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const answers = entriesOf(fields).map((entry) => putOne(store, stream, entry, now))
  const failed = answers.filter((answer) => 'ErrorCode' in answer).length
  return { FailedRecordCount: failed, Records: answers, EncryptionType: 'NONE' }
}

function putOne(store: KinesisStore, stream: KinesisStream, entry: PutEntry, now: number): object {
  const outcome = store.put(stream, entry.record, entry.explicitHashKey, now)
  switch (outcome.kind) {
    case 'stored':
      return { ShardId: outcome.shardId, SequenceNumber: outcome.sequenceNumber }
    case 'throttled':
      return {
        ErrorCode: 'ProvisionedThroughputExceededException',
        ErrorMessage: rateExceeded(store, stream, outcome.shardId),
      }
  }
}

export function rateExceeded(store: KinesisStore, stream: KinesisStream, shardId: string): string {
  return `Rate exceeded for shard ${shardId} in stream ${stream.name} under account ${store.accountId}.`
}

function entriesOf(fields: RequestFields): readonly PutEntry[] {
  const entries = fields.Records
  if (!Array.isArray(entries) || entries.length === 0)
    throw invalidField('Records', 'Member must have length greater than or equal to 1')
  if (entries.length > kinesisLimits.recordsPerPut) {
    throw invalidField('Records', `Member must have length less than or equal to ${kinesisLimits.recordsPerPut}`)
  }
  const puts = entries.map((entry: unknown) => entryOf((entry ?? {}) as RequestFields))
  const bytes = puts.reduce((sum, put) => sum + put.record.bytes, 0)
  if (bytes > kinesisLimits.bytesPerPut) {
    throw new KinesisError(
      'InvalidArgumentException',
      `Records size ${bytes} bytes exceeds the limit of ${kinesisLimits.bytesPerPut} bytes per request.`,
    )
  }
  return puts
}

function entryOf(fields: RequestFields): PutEntry {
  const partitionKey = requiredText(fields, 'PartitionKey', { min: 1, max: 256 })
  const data = requiredText(fields, 'Data', { min: 0, max: Number.POSITIVE_INFINITY })
  const bytes = decodedBytes(data) + Buffer.byteLength(partitionKey)
  if (bytes > kinesisLimits.recordBytes) {
    throw invalidField(
      'Data',
      `Member must have length less than or equal to ${kinesisLimits.recordBytes} (this record has ${bytes} bytes with its partition key)`,
    )
  }
  return { record: { partitionKey, data, bytes }, explicitHashKey: explicitHashKeyOf(fields) }
}

function decodedBytes(base64: string): number {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    throw new KinesisError('SerializationException', 'Data must be base64.')
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}

function explicitHashKeyOf(fields: RequestFields): bigint | undefined {
  const text = optionalText(fields, 'ExplicitHashKey', { min: 1, max: 39, pattern: /^(0|[1-9]\d{0,38})$/ })
  if (text === undefined) return undefined
  const hashKey = BigInt(text)
  if (hashKey >= HASH_KEYS)
    throw new KinesisError(
      'InvalidArgumentException',
      `Invalid ExplicitHashKey. It must be below 2^128; it was ${text}.`,
    )
  return hashKey
}
