import type { KinesisStore } from './kinesis-store'
import type { KinesisStream } from './kinesis-stream'
import { KinesisError, kinesisLimits } from './limits'
import { invalidField, optionalInteger, type RequestFields, requestedStream, requiredText } from './request-fields'

/**
 * UpdateShardCount, with the documented limits: at most double, at least half, ten times within 24 hours. The shards
 * change at once.
 */
export function updateShardCount(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const target = requiredInteger(fields, 'TargetShardCount', 1)
  requiredText(fields, 'ScalingType', { min: 1, max: 64, pattern: /^UNIFORM_SCALING$/ })
  if (stream.mode !== 'PROVISIONED') throw wrongMode(store, stream, 'UpdateShardCount', 'PROVISIONED')
  requireActive(store, stream, now)
  const open = stream.open.length
  requireStep(open, target)
  store.requireQuota(target - open)
  stream.countUpdate(now)
  store.reshard(stream, target, now)
  return { StreamName: stream.name, StreamARN: stream.arn, CurrentShardCount: open, TargetShardCount: target }
}

function requireStep(open: number, target: number): void {
  if (target <= 2 * open && target >= open / 2) return
  const far = target > open ? 'up over double' : 'down below half'
  const message = `UpdateShardCount cannot scale ${far} your current open shard count. Current open shard count: ${open}, Target shard count: ${target}`
  throw new KinesisError('LimitExceededException', message)
}

/**
 * UpdateStreamWarmThroughput: for on-demand streams alone. A shard takes 1 MiB/s, so the stream gets as many as it has
 * to be warm for, and never fewer than a new one has.
 */
export function updateStreamWarmThroughput(store: KinesisStore, fields: RequestFields, now: number): object {
  const stream = requestedStream(store, fields)
  const target = requiredInteger(fields, 'WarmThroughputMiBps', 0)
  if (stream.mode !== 'ON_DEMAND') throw wrongMode(store, stream, 'UpdateStreamWarmThroughput', 'ON_DEMAND')
  requireActive(store, stream, now)
  store.reshard(stream, Math.max(kinesisLimits.onDemandShards, target), now)
  stream.warmMiBps = target
  return { StreamName: stream.name, StreamARN: stream.arn, WarmThroughput: warmThroughput(target) }
}

/** As it is on the wire; target and current are the same, since all changes are made at once. */
export function warmThroughput(miBps: number): object {
  return { TargetMiBps: miBps, CurrentMiBps: miBps }
}

function requireActive(store: KinesisStore, stream: KinesisStream, now: number): void {
  if (stream.status(now) === 'ACTIVE') return
  const message = `Stream ${stream.name} under account ${store.accountId} not ACTIVE, instead in state UPDATING`
  throw new KinesisError('ResourceInUseException', message)
}

function wrongMode(store: KinesisStore, stream: KinesisStream, verb: string, mode: string): KinesisError {
  const message = `Request is invalid. ${verb} needs a stream in ${mode} mode; stream ${stream.name} under account ${store.accountId} is in ${stream.mode} mode.`
  return new KinesisError('ValidationException', message)
}

function requiredInteger(fields: RequestFields, name: string, min: number): number {
  const value = optionalInteger(fields, name, min, 100_000)
  if (value === undefined) throw invalidField(name, 'Member must not be null')
  return value
}
