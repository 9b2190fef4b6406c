import type { Tally } from '../../core/protocol/partial'
import { PayloadReader, PayloadWriter } from './payload'

/** Raised when a message changes: the two sides are deployed apart. */
export const PROTOCOL_VERSION = 2

/** Kinds of requests; what only the controller of a job asks for begins at 16. Kinds of answers are below. */
export const KIND = { hello: 1, admit: 2, fold: 3, merge: 4, present: 5, facts: 6, late: 8, orders: 16 } as const
export const ANSWER = { ok: 0, refused: 1 } as const

/** Why a request is not done. */
export interface RefusedRequest {
  readonly code: SidecarRefusal
  readonly message: string
  readonly retryable: boolean
}

/** Every code that the sidecar refuses a request with. */
export type SidecarRefusal =
  | 'frame_out_of_bounds'
  | 'too_many_requests'
  | 'malformed_request'
  | 'hello_first'
  | 'protocol_version'
  | 'unknown_pipeline'
  | 'pipeline_version'
  | 'unknown_envelope'
  | 'unbalanced'

/** Who is calling, and for what. An empty version takes any. */
export interface Hello {
  readonly protocol: number
  readonly pipeline: string
  readonly version: string
}

/** What the job has to know of the pipeline: its windows and how to cut envelopes, and nothing else. */
export interface Welcome {
  readonly protocol: number
  readonly version: string
  readonly sizeMs: number
  readonly slideMs: number
  readonly paneMs: number
  readonly allowedLatenessMs: number
  readonly outOfOrdernessMs: number
  readonly idleTimeoutMs: number
  readonly maxEnvelopeEvents: number
  readonly maxEnvelopeBytes: number
  readonly lingerMs: number
}

/** A run of records of one partition. `source` names run, topic and partition; with the offset it names the envelope. */
export interface EnvelopeName {
  readonly source: string
  readonly firstOffset: number
}

/** A record of the source topic. Offsets of a partition ascend, and are not dense: transactions and compaction leave gaps. */
export interface SourceRecord {
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface Admit extends EnvelopeName {
  readonly records: readonly SourceRecord[]
}

export interface Admitted {
  /** Indexes of the records that are no events, ascending. */
  readonly rejected: readonly number[]
  /** Largest event time; null when nothing was accepted. */
  readonly newestMs: number | null
  /** Accepted events of each pane. */
  readonly panes: readonly { readonly startMs: number; readonly accepted: number }[]
  /** One for each rejected record: what the job writes to the topic of dead letters. */
  readonly letters: readonly Uint8Array[]
}

/** Asks for the fold of an envelope that was admitted; with its records when the sidecar does not have it any more. */
export interface Fold extends EnvelopeName {
  readonly again: { readonly rejected: readonly number[]; readonly records: readonly SourceRecord[] } | null
}

export interface Folded {
  readonly lane: 'edge' | 'burst'
  readonly panes: readonly FoldedPane[]
  /** One for each event that could not be folded. */
  readonly letters: readonly Uint8Array[]
}

/** What an envelope comes to in one pane. `accepted` was counted before the fold, the others by it. */
export interface FoldedPane {
  readonly startMs: number
  readonly accepted: Tally
  readonly folded: number
  readonly dead: number
  readonly partial: Uint8Array
}

export interface Present {
  readonly startMs: number
  readonly endMs: number
  readonly accepted: Tally
  readonly edge: number
  readonly burst: number
  readonly dead: number
  readonly partials: readonly Uint8Array[]
}

/** What an envelope has in a window that was closed when it came there. Its answer is a letter. */
export interface Late extends EnvelopeName {
  readonly lastOffset: number
  readonly startMs: number
  readonly endMs: number
  readonly accepted: Tally
  readonly edge: number
  readonly burst: number
  readonly dead: number
}

/** Stands for the event time of an envelope without events; below every event time that is taken. */
const NO_TIME_MS = Number.MIN_SAFE_INTEGER

export const encodeHello = ({ protocol, pipeline, version }: Hello): Buffer =>
  new PayloadWriter().u16(protocol).text(pipeline).text(version).end()

export function decodeHello(payload: Uint8Array): Hello {
  const reader = new PayloadReader(payload)
  return { protocol: reader.u16(), pipeline: reader.text(), version: reader.text() }
}

export const encodeWelcome = (welcome: Welcome): Buffer =>
  new PayloadWriter()
    .u16(welcome.protocol)
    .text(welcome.version)
    .i64(welcome.sizeMs)
    .i64(welcome.slideMs)
    .i64(welcome.paneMs)
    .i64(welcome.allowedLatenessMs)
    .i64(welcome.outOfOrdernessMs)
    .i64(welcome.idleTimeoutMs)
    .u32(welcome.maxEnvelopeEvents)
    .u32(welcome.maxEnvelopeBytes)
    .u32(welcome.lingerMs)
    .end()

export function decodeWelcome(payload: Uint8Array): Welcome {
  const reader = new PayloadReader(payload)
  return {
    protocol: reader.u16(),
    version: reader.text(),
    sizeMs: reader.i64(),
    slideMs: reader.i64(),
    paneMs: reader.i64(),
    allowedLatenessMs: reader.i64(),
    outOfOrdernessMs: reader.i64(),
    idleTimeoutMs: reader.i64(),
    maxEnvelopeEvents: reader.u32(),
    maxEnvelopeBytes: reader.u32(),
    lingerMs: reader.u32(),
  }
}

export function encodeAdmit({ source, firstOffset, records }: Admit): Buffer {
  return writeRecords(new PayloadWriter().text(source).i64(firstOffset), firstOffset, records).end()
}

export function decodeAdmit(payload: Uint8Array): Admit {
  const reader = new PayloadReader(payload)
  const name = { source: reader.text(), firstOffset: reader.i64() }
  return { ...name, records: readRecords(reader, name.firstOffset) }
}

export function encodeAdmitted({ rejected, newestMs, panes, letters }: Admitted): Buffer {
  const writer = new PayloadWriter().u32(rejected.length)
  for (const index of rejected) writer.u32(index)
  writer.i64(newestMs ?? NO_TIME_MS).u32(panes.length)
  for (const { startMs, accepted } of panes) writer.i64(startMs).u32(accepted)
  return writeAll(writer, letters).end()
}

export function decodeAdmitted(payload: Uint8Array): Admitted {
  const reader = new PayloadReader(payload)
  const rejected = reader.list(reader.u32(), (from) => from.u32())
  const newestMs = reader.i64()
  const panes = reader.list(reader.u32(), (from) => ({ startMs: from.i64(), accepted: from.u32() }))
  return { rejected, newestMs: newestMs === NO_TIME_MS ? null : newestMs, panes, letters: readAll(reader) }
}

export function encodeFold({ source, firstOffset, again }: Fold): Buffer {
  const writer = new PayloadWriter().text(source).i64(firstOffset)
  if (again === null) return writer.u8(0).end()
  writer.u8(1).u32(again.rejected.length)
  for (const index of again.rejected) writer.u32(index)
  return writeRecords(writer, firstOffset, again.records).end()
}

export function decodeFold(payload: Uint8Array): Fold {
  const reader = new PayloadReader(payload)
  const name = { source: reader.text(), firstOffset: reader.i64() }
  if (reader.u8() === 0) return { ...name, again: null }
  const rejected = reader.list(reader.u32(), (from) => from.u32())
  return { ...name, again: { rejected, records: readRecords(reader, name.firstOffset) } }
}

export function encodeFolded({ lane, panes, letters }: Folded): Buffer {
  const writer = new PayloadWriter().u8(lane === 'edge' ? 0 : 1).u32(panes.length)
  for (const { startMs, accepted, folded, dead, partial } of panes) {
    writeTally(writer.i64(startMs), accepted).u32(folded).u32(dead).bytes(partial)
  }
  return writeAll(writer, letters).end()
}

export function decodeFolded(payload: Uint8Array): Folded {
  const reader = new PayloadReader(payload)
  const lane = reader.u8() === 0 ? 'edge' : 'burst'
  const panes = reader.list(reader.u32(), (from) => ({
    startMs: from.i64(),
    accepted: readTally(from),
    folded: from.u32(),
    dead: from.u32(),
    partial: from.bytes(),
  }))
  return { lane, panes, letters: readAll(reader) }
}

/** Partials to be made one; its answer is the one, as `bytes`. */
export const encodeMerge = (partials: readonly Uint8Array[]): Buffer => writeAll(new PayloadWriter(), partials).end()
export const decodeMerge = (payload: Uint8Array): Buffer[] => readAll(new PayloadReader(payload))

export function encodePresent({ startMs, endMs, accepted, edge, burst, dead, partials }: Present): Buffer {
  const writer = writeTally(new PayloadWriter().i64(startMs).i64(endMs), accepted).i64(edge).i64(burst).i64(dead)
  return writeAll(writer, partials).end()
}

export function decodePresent(payload: Uint8Array): Present {
  const reader = new PayloadReader(payload)
  return {
    startMs: reader.i64(),
    endMs: reader.i64(),
    accepted: readTally(reader),
    edge: reader.i64(),
    burst: reader.i64(),
    dead: reader.i64(),
    partials: readAll(reader),
  }
}

export function encodeLate({ source, firstOffset, lastOffset, startMs, endMs, accepted, ...counts }: Late): Buffer {
  const writer = new PayloadWriter().text(source).i64(firstOffset).i64(lastOffset).i64(startMs).i64(endMs)
  return writeTally(writer, accepted).i64(counts.edge).i64(counts.burst).i64(counts.dead).end()
}

export function decodeLate(payload: Uint8Array): Late {
  const reader = new PayloadReader(payload)
  return {
    source: reader.text(),
    firstOffset: reader.i64(),
    lastOffset: reader.i64(),
    startMs: reader.i64(),
    endMs: reader.i64(),
    accepted: readTally(reader),
    edge: reader.i64(),
    burst: reader.i64(),
    dead: reader.i64(),
  }
}

export const encodeRefused = ({ code, message, retryable }: RefusedRequest): Buffer =>
  new PayloadWriter()
    .text(code)
    .text(message)
    .u8(retryable ? 1 : 0)
    .end()

export function decodeRefused(payload: Uint8Array): RefusedRequest {
  const reader = new PayloadReader(payload)
  return { code: reader.text() as SidecarRefusal, message: reader.text(), retryable: reader.u8() === 1 }
}

function writeAll(writer: PayloadWriter, all: readonly Uint8Array[]): PayloadWriter {
  writer.u32(all.length)
  for (const one of all) writer.bytes(one)
  return writer
}

const readAll = (reader: PayloadReader): Buffer[] => reader.list(reader.u32(), (from) => from.bytes())

/** Each with how far its offset is beyond the first: 4 bytes in place of 8, a record. */
function writeRecords(writer: PayloadWriter, firstOffset: number, records: readonly SourceRecord[]): PayloadWriter {
  writer.u32(records.length)
  for (const { offset, bytes } of records) writer.u32(offset - firstOffset).bytes(bytes)
  return writer
}

const readRecords = (reader: PayloadReader, firstOffset: number): SourceRecord[] =>
  reader.list(reader.u32(), (from) => ({ offset: firstOffset + from.u32(), bytes: from.bytes() }))

/** Count, and the sum modulo 2^64: Java adds both as they are. */
const writeTally = (writer: PayloadWriter, { count, sum }: Tally) => writer.i64(count).u32(sum.hi).u32(sum.lo)

const readTally = (reader: PayloadReader): Tally => ({
  count: reader.i64(),
  sum: { hi: reader.u32(), lo: reader.u32() },
})
