import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import { KinesisError } from './limits'
import type { Shard } from './shard'

/** The JSON object of a request, not yet trusted. */
export type RequestFields = Readonly<Record<string, unknown>>

/** What AWS says to a field that breaks its model. */
export function invalidField(field: string, rule: string): KinesisError {
  return new KinesisError(
    'ValidationException',
    `1 validation error detected: Value at '${field}' failed to satisfy constraint: ${rule}`,
  )
}

export interface TextRule {
  readonly min: number
  readonly max: number
  readonly pattern?: RegExp
}

export function optionalText(fields: RequestFields, name: string, rule: TextRule): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new KinesisError('SerializationException', `${name} must be a string.`)
  if (value.length < rule.min) throw invalidField(name, `Member must have length greater than or equal to ${rule.min}`)
  if (value.length > rule.max) throw invalidField(name, `Member must have length less than or equal to ${rule.max}`)
  if (rule.pattern && !rule.pattern.test(value))
    throw invalidField(name, `Member must satisfy regular expression pattern: ${rule.pattern.source}`)
  return value
}

export function requiredText(fields: RequestFields, name: string, rule: TextRule): string {
  const value = optionalText(fields, name, rule)
  if (value === undefined) throw invalidField(name, 'Member must not be null')
  return value
}

export function optionalInteger(fields: RequestFields, name: string, min: number, max: number): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new KinesisError('SerializationException', `${name} must be an integer.`)
  if (value < min) throw invalidField(name, `Member must have value greater than or equal to ${min}`)
  if (value > max) throw invalidField(name, `Member must have value less than or equal to ${max}`)
  return value
}

const streamNameRule: TextRule = { min: 1, max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ }

export function requiredStreamName(fields: RequestFields): string {
  return requiredText(fields, 'StreamName', streamNameRule)
}

/** The stream that a request names by StreamName, StreamARN or both. */
export function requestedStream(store: KinesisStore, fields: RequestFields): KinesisStream {
  const name = optionalText(fields, 'StreamName', streamNameRule)
  const arn = optionalText(fields, 'StreamARN', { min: 1, max: 2048 })
  if (name === undefined && arn === undefined)
    throw new KinesisError('InvalidArgumentException', 'Either StreamName or StreamARN must be given.')
  const named = arn === undefined ? name! : streamNameOf(arn)
  if (name !== undefined && name !== named)
    throw new KinesisError(
      'InvalidArgumentException',
      `StreamName ${name} and StreamARN ${arn} name different streams.`,
    )
  const stream = store.stream(named)
  if (arn !== undefined && stream.arn !== arn)
    throw new KinesisError(
      'ResourceNotFoundException',
      `Stream ${arn} not found; the embedded cloud has ${stream.arn}.`,
    )
  return stream
}

/** The shard of `stream` that a request names. Throws ResourceNotFoundException. */
export function requestedShard(store: KinesisStore, stream: KinesisStream, fields: RequestFields): Shard {
  const shardId = requiredText(fields, 'ShardId', { min: 1, max: 128 })
  const shard = stream.shards.find(({ id }) => id === shardId)
  if (shard) return shard
  const message = `Shard ${shardId} in stream ${stream.name} under account ${store.accountId} does not exist`
  throw new KinesisError('ResourceNotFoundException', message)
}

/** The name in `arn:aws:kinesis:<region>:<account>:stream/<name>`; throws InvalidArgumentException. */
export function streamNameOf(arn: string): string {
  const match = /^arn:aws[^:]*:kinesis:[^:]*:\d{12}:stream\/([a-zA-Z0-9_.-]+)$/.exec(arn)
  if (!match) throw new KinesisError('InvalidArgumentException', `${arn} is not the ARN of a Kinesis stream.`)
  return match[1]!
}
