import fc from 'fast-check'
import type { AnswerPage } from '../../../core/protocol/answer-block'
import type { FinalRecord, LogRecord } from '../../../core/protocol/log-record'
import { DurableLog } from '../../../edge-node/log/log'
import { encodeRecord } from '../../../edge-node/log/log-codec'
import { type Recovered, Recovery, type RecoveryTerms } from '../../../edge-node/log/recovery'

const text = fc.string({ unit: 'binary' })
const line = text.map((raw) => raw.replaceAll('\n', ' '))
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const eventTimeMs = fc.integer({ min: -1_000, max: 253_402_300_799_999 })
const tally = fc.tuple(whole, fc.stringMatching(/^[0-9a-f]{16}$/))
const rejection = fc.record({
  line: whole,
  code: fc.constantFrom('schema' as const, 'invalid_json' as const),
  reason: text,
})

const answer = fc.record({
  accepted: whole,
  late: whole,
  partlyLate: whole,
  horizon: fc.option(eventTimeMs),
  rejected: fc.array(rejection, { maxLength: 2 }),
})

const header = fc.record({
  pipeline: text,
  version: text,
  incarnation: text,
  number: whole,
  firstOffset: whole,
  count: whole,
  horizonMs: fc.oneof(eventTimeMs, fc.constant(Number.NEGATIVE_INFINITY)),
  digest: text,
})

const final: fc.Arbitrary<FinalRecord> = fc.record({
  type: fc.constant('final' as const),
  number: whole,
  startMs: eventTimeMs,
  endMs: eventTimeMs,
  version: text,
  accepted: tally,
  edge: whole,
  burst: whole,
  deadLettered: whole,
  rows: whole,
  digest: text,
  atMs: whole,
})

/** Any record that a log can hold. */
export const logRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ type: fc.constant('segment' as const), firstOffset: whole }),
  fc.record({ type: fc.constant('boot' as const), incarnation: text, epoch: whole, version: text, atMs: whole }),
  fc.record({
    type: fc.constant('request' as const),
    key: fc.option(text),
    answer,
    firstOffset: whole,
    newestMs: fc.option(eventTimeMs),
    panes: fc.array(fc.tuple(eventTimeMs, whole), { maxLength: 3 }),
    lines: fc.array(line, { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('request' as const),
    key: text,
    bodyDigest: text,
    answer,
    firstOffset: whole,
    newestMs: fc.option(eventTimeMs),
    panes: fc.array(fc.tuple(eventTimeMs, whole), { maxLength: 3 }),
    lines: fc.array(line, { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('cut' as const), header }),
  fc.record({ type: fc.constant('closing' as const), horizonMs: eventTimeMs }),
  final,
  fc.constant({ type: 'seal' as const }),
  fc.record({ type: fc.constant('version' as const), version: text, fromMs: eventTimeMs }),
)

/** A request record of some lines, to be written and read but not replayed. */
export function requestOf(lines: readonly string[], firstOffset = 0): Extract<LogRecord, { type: 'request' }> {
  const counts = { accepted: lines.length, late: 0, partlyLate: 0, horizon: null, rejected: [] }
  return { type: 'request', key: null, answer: counts, firstOffset, newestMs: null, panes: [], lines }
}

/** Records as a segment holds them, numbered from `first` on, each in a flush of its own. */
export const encoded = (records: readonly LogRecord[], first = 0): Buffer =>
  Buffer.concat(
    records.map((record, index) => encodeRecord(record, { number: first + index, flushFirst: first + index })),
  )

/** The same, all in one flush. */
export const encodedAtOnce = (records: readonly LogRecord[], first = 0): Buffer =>
  Buffer.concat(records.map((record, index) => encodeRecord(record, { number: first + index, flushFirst: first })))

/** What a start makes of records, and of pages of remembered keys, that are all there. */
export function recovered(
  terms: RecoveryTerms,
  records: Iterable<LogRecord>,
  nowMs: number,
  pages: readonly AnswerPage[] = [],
): Recovered {
  const recovery = new Recovery(terms)
  for (const page of pages) recovery.takeKeys(page)
  const last = pages.at(-1)
  recovery.keysTaken(last === undefined ? 0 : last.first + last.count)
  for (const record of records) recovery.take(record)
  return recovery.end(nowMs)
}

/** Opens a log and keeps the records that it reads. */
export async function openLog(folder: string, fromSegment = 0) {
  const records: LogRecord[] = []
  const opened = await DurableLog.open(folder, fromSegment, (record) => records.push(record))
  return { ...opened, records }
}
