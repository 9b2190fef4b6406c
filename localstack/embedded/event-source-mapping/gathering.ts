import { framePayloadBytes } from './kinesis-event'

/** Payload limit of a synchronous invocation: 6 MB, counted over the whole JSON event with its base64. */
export const PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024

export interface GatheringRules {
  readonly batchSize: number
  readonly batchingWindowMs: number
}

/** What gathering needs to know of a record that waits for a batch. */
export interface Gathered {
  readonly payloadBytes: number
  readonly readAtMs: number
}

export type Gathering =
  | { readonly kind: 'empty' }
  | { readonly kind: 'ready'; readonly records: number }
  | { readonly kind: 'wait'; readonly untilMs: number }

/**
 * Whether the records that wait make a batch: when it is full by count or by payload, or when the batching window is
 * over. A window of 0 sends what there is. The next window begins when an invocation ends (documented), so windows
 * follow each other without gaps from there.
 */
export function gather(
  waiting: readonly Gathered[],
  windowFromMs: number,
  now: number,
  rules: GatheringRules,
): Gathering {
  const first = waiting[0]
  if (!first) return { kind: 'empty' }
  const records = fitting(waiting, rules.batchSize)
  if (records === rules.batchSize || records < waiting.length) return { kind: 'ready', records }
  const untilMs = windowEnd(windowFromMs, first.readAtMs, rules.batchingWindowMs)
  return now >= untilMs ? { kind: 'ready', records } : { kind: 'wait', untilMs }
}

/** How many of the first records fit one payload: at least one. */
function fitting(waiting: readonly Gathered[], batchSize: number): number {
  let bytes = framePayloadBytes
  let records = 0
  for (const { payloadBytes } of waiting.slice(0, batchSize)) {
    bytes += payloadBytes
    if (records > 0 && bytes > PAYLOAD_LIMIT_BYTES) break
    records += 1
  }
  return records
}

/** The end of the window in which a record was read. */
function windowEnd(windowFromMs: number, readAtMs: number, windowMs: number): number {
  if (windowMs === 0) return readAtMs
  const windows = Math.floor(Math.max(0, readAtMs - windowFromMs) / windowMs) + 1
  return windowFromMs + windows * windowMs
}
