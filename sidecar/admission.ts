import { isUtf8 } from 'node:buffer'
import { type Rejection, readLine } from '../core/event'
import type { Pipeline } from '../core/pipeline'
import { paneStart } from '../core/window'
import type { Admitted } from './messages'

/** What bounds a record; the settings of the edge node under the same names. */
export interface AdmissionLimits {
  readonly maxLineBytes: number
  readonly maxFutureSkewMs: number
}

/** Accepted events as the lines of an envelope, with the pane and the event time of each. */
export interface AdmittedLines {
  readonly lines: readonly string[]
  readonly panes: readonly number[]
  readonly timestampsMs: readonly number[]
}

/**
 * Reads the records of an envelope by the rules of the edge node, but for lateness: that is judged where the windows
 * are. `nowMs` is epoch time.
 */
export function admitRecords(
  pipeline: Pipeline,
  records: readonly Uint8Array[],
  limits: AdmissionLimits,
  nowMs: number,
): { readonly answer: Admitted; readonly kept: AdmittedLines } {
  const lines: string[] = []
  const panes: number[] = []
  const timestampsMs: number[] = []
  const rejected: number[] = []
  const accepted = new Map<number, number>()
  let newestMs: number | null = null
  records.forEach((record, index) => {
    const text = lineOf(record, limits.maxLineBytes)
    const read = typeof text === 'string' ? readLine(pipeline, index, text, nowMs + limits.maxFutureSkewMs) : text
    if ('code' in read) {
      rejected.push(index)
      return
    }
    const pane = paneStart(pipeline.window, read.timestampMs)
    lines.push(read.line)
    panes.push(pane)
    timestampsMs.push(read.timestampMs)
    accepted.set(pane, (accepted.get(pane) ?? 0) + 1)
    newestMs = Math.max(newestMs ?? read.timestampMs, read.timestampMs)
  })
  const answer = { rejected, newestMs, panes: [...accepted].map(([startMs, count]) => ({ startMs, accepted: count })) }
  return { answer, kept: { lines, panes, timestampsMs } }
}

/**
 * The lines of records that were admitted before, less those that were rejected then. They are not judged again: the
 * clock has gone on since.
 */
export function linesAgain(
  pipeline: Pipeline,
  records: readonly Uint8Array[],
  rejected: readonly number[],
): AdmittedLines {
  const without = new Set(rejected)
  const texts = records.filter((_, index) => !without.has(index)).map(textOf)
  const lines = texts
    .map((line) => readLine(pipeline, 0, line, Number.POSITIVE_INFINITY))
    .filter((read) => 'line' in read)
  return {
    lines: lines.map(({ line }) => line),
    panes: lines.map(({ timestampMs }) => paneStart(pipeline.window, timestampMs)),
    timestampsMs: lines.map(({ timestampMs }) => timestampMs),
  }
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
