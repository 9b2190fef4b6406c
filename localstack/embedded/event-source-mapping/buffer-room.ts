import type { ReadLimits } from '../kinesis/shard-log'
import type { PendingRecord } from './batch'
import { PAYLOAD_LIMIT_BYTES } from './gathering'

/** What GetRecords gives at most, which is how AWS's pollers read. */
const READ_LIMITS: ReadLimits = { records: 10_000, bytes: 10 * 1024 * 1024 }

/**
 * How much a shard's poller may still read while `pending` is not finished, or undefined when it is full. A shard
 * buffers one batch in flight and one to follow for each lane, which keeps every lane busy; more would only move the
 * backlog from the stream into the mapping.
 */
export function roomFor(pending: readonly PendingRecord[], lanes: number, batchSize: number): ReadLimits | undefined {
  const batches = 2 * lanes
  const pendingBytes = pending.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)
  const records = batches * batchSize - pending.length
  const bytes = batches * PAYLOAD_LIMIT_BYTES - pendingBytes
  if (records <= 0 || bytes <= 0) return undefined
  return { records: Math.min(READ_LIMITS.records, records), bytes: Math.min(READ_LIMITS.bytes, bytes) }
}
