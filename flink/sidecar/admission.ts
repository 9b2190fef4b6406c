import { isUtf8 } from 'node:buffer'
import { type Rejection, readLine } from '../../core/pipeline/event'
import type { Pipeline } from '../../core/pipeline/pipeline'
import { paneStart } from '../../core/pipeline/window'
import type { Admitted, SourceRecord } from './messages'

/** What bounds a record; the settings of the edge node under the same names. */
export interface AdmissionLimits {
  readonly maxLineBytes: number
  readonly maxFutureSkewMs: number
}

/**
 * Accepted events as the lines of an envelope, with the pane of each, its event time, and the offset that it has in its
 * partition.
 */
export interface AdmittedLines {
  readonly lines: readonly string[]
  readonly panes: readonly number[]
  readonly timestampsMs: readonly number[]
  readonly offsets: readonly number[]
}

/** A record that is no event, and why. */
export interface RejectedRecord extends Rejection {
  readonly index: number
}

/** What the records of an envelope are. */
export interface Admission {
  readonly answer: Omit<Admitted, 'letters'>
  readonly rejections: readonly RejectedRecord[]
  readonly kept: AdmittedLines
}

/**
 * Reads the records of an envelope by the rules of the edge node, but for lateness: that is judged where the windows
 * are. `nowMs` is epoch time.
 */
export function admitRecords(
  pipeline: Pipeline,
  records: readonly SourceRecord[],
  limits: AdmissionLimits,
  nowMs: number,
): Admission {
  const lines: string[] = []
  const panes: number[] = []
  const timestampsMs: number[] = []
  const offsets: number[] = []
  const rejections: RejectedRecord[] = []
  const accepted = new Map<number, number>()
  let newestMs: number | null = null
  records.forEach(({ offset, bytes }, index) => {
    const text = lineOf(bytes, limits.maxLineBytes)
    const read = typeof text === 'string' ? readLine(pipeline, index, text, nowMs + limits.maxFutureSkewMs) : text
    if ('code' in read) {
      rejections.push({ index, code: read.code, reason: read.reason })
      return
    }
    const pane = paneStart(pipeline.window, read.timestampMs)
    lines.push(read.line)
    panes.push(pane)
    timestampsMs.push(read.timestampMs)
    offsets.push(offset)
    accepted.set(pane, (accepted.get(pane) ?? 0) + 1)
    newestMs = Math.max(newestMs ?? read.timestampMs, read.timestampMs)
  })
  const rejected = rejections.map(({ index }) => index)
  const answer = { rejected, newestMs, panes: [...accepted].map(([startMs, count]) => ({ startMs, accepted: count })) }
  return { answer, rejections, kept: { lines, panes, timestampsMs, offsets } }
}

/**
 * The lines of records that were admitted before, less those that were rejected then. They are not judged again: the
 * clock has gone on since.
 */
export function linesAgain(
  pipeline: Pipeline,
  records: readonly SourceRecord[],
  rejected: readonly number[],
): AdmittedLines {
  const without = new Set(rejected)
  const lines: string[] = []
  const panes: number[] = []
  const timestampsMs: number[] = []
  const offsets: number[] = []
  for (const [index, { offset, bytes }] of records.entries()) {
    const read = without.has(index) ? null : readLine(pipeline, 0, textOf(bytes), Number.POSITIVE_INFINITY)
    if (read === null || 'code' in read) continue
    lines.push(read.line)
    panes.push(paneStart(pipeline.window, read.timestampMs))
    timestampsMs.push(read.timestampMs)
    offsets.push(offset)
  }
  return { lines, panes, timestampsMs, offsets }
}

function lineOf(record: Uint8Array, maxLineBytes: number): string | Rejection {
  if (record.length > maxLineBytes) {
    return {
      code: 'line_too_long',
      reason: `the record has ${record.length} bytes; at most ${maxLineBytes} are taken`,
    }
  }
  if (!isUtf8(record)) return { code: 'invalid_utf8', reason: 'the record is not UTF-8' }
  return textOf(record)
}

/** Lines of an envelope are joined by line feeds; in JSON one can stand between the values only, where a space does. */
const textOf = (record: Uint8Array) =>
  Buffer.from(record)
    .toString('utf8')
    .replace(/[\r\n]/g, ' ')
    .trim()
