import type { ReadLimits } from '../kinesis/shard-log'
import type { ShardCursor, ShardRead, ShardReader } from '../kinesis/shard-reader'
import type { MappingConfig } from './mapping-config'

/** When to read on: after a pause, or so long after there is news in the shard. */
export type NextRead =
  | { readonly kind: 'after'; readonly delayMs: number }
  | { readonly kind: 'news'; readonly delayMs: number }

const READ_PAUSE_MS = 200 // a shard allows five reads a second to all that poll it

type Terms = Pick<MappingConfig, 'consumer' | 'pollIntervalMs' | 'pushMs'>

/**
 * A read of a shard as AWS does it for a mapping. On the stream itself: five a second while they bring records, one a
 * second while they do not. On a consumer nothing is asked for: a record is there so long after it came.
 */
export function readOnce(
  reader: ShardReader,
  cursor: ShardCursor,
  room: ReadLimits,
  terms: Terms,
  now: number,
): ShardRead & { readonly next: NextRead } {
  return terms.consumer === 'fan-out'
    ? pushed(reader, cursor, room, terms, now)
    : polled(reader, cursor, room, terms, now)
}

function pushed(reader: ShardReader, cursor: ShardCursor, room: ReadLimits, { pushMs }: Terms, now: number) {
  const read = reader.read(cursor, { ...room, arrivedUntilMs: now - pushMs }, now)
  const arrivalMs = reader.nextArrivalMs(read.cursor)
  const next: NextRead =
    arrivalMs === undefined
      ? { kind: 'news', delayMs: pushMs }
      : { kind: 'after', delayMs: Math.max(0, arrivalMs + pushMs - now) }
  return { ...read, next }
}

function polled(reader: ShardReader, cursor: ShardCursor, room: ReadLimits, { pollIntervalMs }: Terms, now: number) {
  const read = reader.poll(cursor, room, now)
  if (read === undefined) return { ...NOTHING, cursor, next: { kind: 'after', delayMs: READ_PAUSE_MS } as const }
  const pauseMs = read.records.length > 0 ? Math.min(READ_PAUSE_MS, pollIntervalMs) : pollIntervalMs
  return { ...read, next: { kind: 'after', delayMs: pauseMs } as const }
}

const NOTHING = { records: [], expired: 0, ended: false } as const
