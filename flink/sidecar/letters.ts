import { isUtf8 } from 'node:buffer'
import type { Rejection } from '../../core/pipeline/event'
import type { Late, SourceRecord } from './messages'

/** Half of what brokers take for a message unless told otherwise. A larger record is named and not carried. */
const MAX_LETTER_BYTES = 512 * 1024

/** Why a record counts in no window; or, of `late`, in one window less. */
export type LetterKind = 'rejected' | 'dead' | 'late'

/** What is said in every letter. */
export interface LetterHead {
  readonly pipeline: string
  readonly version: string
}

/** Code and reason of the admission, or of the fold. */
export interface Fault {
  readonly code: Rejection['code'] | 'late' | (string & {})
  readonly reason: string
}

/** The letter of one record: where it is, what is wrong with it, and the record as it came. */
export function letterOf(
  head: LetterHead,
  kind: Exclude<LetterKind, 'late'>,
  source: string,
  { offset, bytes }: SourceRecord,
  { code, reason }: Fault,
): Buffer {
  const letter = { ...head, kind, ...placeOf(source), offset, code, reason }
  const whole = Buffer.from(JSON.stringify({ ...letter, ...carried(bytes) }))
  if (whole.length <= MAX_LETTER_BYTES) return whole
  return Buffer.from(JSON.stringify({ ...letter, record: null, recordBytes: bytes.length }))
}

/** The letter of what an envelope has in a window that was closed. Its events are in the topic, from first to last. */
export function lateLetter(
  head: LetterHead,
  { source, firstOffset, lastOffset, startMs, endMs, ...counts }: Late,
): Buffer {
  const reason = 'the window had closed when these events came to it'
  const { accepted, edge, burst, dead } = counts
  const window = { start: startMs, end: endMs, accepted: accepted.count, edge, burst, deadLettered: dead }
  const where = { ...placeOf(source), offset: firstOffset, lastOffset }
  return Buffer.from(JSON.stringify({ ...head, kind: 'late', ...where, code: 'late', reason, window }))
}

/** Topic and partition of `run/topic/partition`; a run may have slashes, a topic has none. */
function placeOf(source: string): { readonly topic: string; readonly partition: number } {
  const parts = source.split('/')
  return { topic: parts.at(-2) ?? '', partition: Number(parts.at(-1)) }
}

const carried = (bytes: Uint8Array) =>
  isUtf8(bytes)
    ? { record: Buffer.from(bytes).toString('utf8') }
    : { record: null, recordBase64: Buffer.from(bytes).toString('base64') }
