import { crc32 } from 'node:zlib'
import type { LogRecord } from '../../core/protocol/log-record'
import { bounded } from '../../core/protocol/rejections'

/**
 * A record on disk is a frame and a payload. Frame, big endian: magic (4 bytes), length of the payload (4), number of
 * the record (6), number of the first record of its flush (6), CRC-32 over all that and the payload (4). The payload is
 * the record as one line of JSON, for a request without its lines, which follow as they came, each after a newline.
 * -Infinity is written as null.
 *
 * A payload is UTF-8, where the first byte of the magic never occurs. So after damage the next record is found by its
 * magic, and no client can put a record into the lines of another.
 */
const MAGIC = Buffer.from([0xff, 0x53, 0x70, 0x57])
const NEWLINE = 10
const NUMBER_BYTES = 6
const CRC_AT = MAGIC.length + 4 + 2 * NUMBER_BYTES
const FRAME_BYTES = CRC_AT + 4
const MAX_RECORD_BYTES = 256 * 1024 * 1024 // far above the largest request; a larger length is a torn or foreign file

/** Where a record stands in its log. Numbers are dense over all segments. */
export interface Place {
  readonly number: number
  /** The first record of its flush: everything before that one was on disk when this one was written. */
  readonly flushFirst: number
}

/** A sound record in the bytes of a segment. */
export interface StoredRecord extends Place {
  readonly at: number
  readonly endsAt: number
  readonly payload: Buffer
}

export function encodeRecord(record: LogRecord, { number, flushFirst }: Place): Buffer {
  const payload = Buffer.from(payloadText(record))
  if (payload.length > MAX_RECORD_BYTES) throw new Error(`a record of ${payload.length} bytes could not be read again`)
  const frame = Buffer.alloc(FRAME_BYTES)
  MAGIC.copy(frame)
  frame.writeUInt32BE(payload.length, MAGIC.length)
  frame.writeUIntBE(number, MAGIC.length + 4, NUMBER_BYTES)
  frame.writeUIntBE(flushFirst, MAGIC.length + 4 + NUMBER_BYTES, NUMBER_BYTES)
  frame.writeUInt32BE(crc32(payload, crc32(frame.subarray(0, CRC_AT))), CRC_AT)
  return Buffer.concat([frame, payload])
}

/** The sound record at a place in the bytes; null when there is none. */
export function recordAt(bytes: Buffer, at: number): StoredRecord | null {
  if (at + FRAME_BYTES > bytes.length || !bytes.subarray(at, at + MAGIC.length).equals(MAGIC)) return null
  const payloadAt = at + FRAME_BYTES
  const endsAt = payloadAt + bytes.readUInt32BE(at + MAGIC.length)
  if (endsAt > bytes.length) return null
  const payload = bytes.subarray(payloadAt, endsAt)
  if (crc32(payload, crc32(bytes.subarray(at, at + CRC_AT))) !== bytes.readUInt32BE(at + CRC_AT)) return null
  const number = bytes.readUIntBE(at + MAGIC.length + 4, NUMBER_BYTES)
  const flushFirst = bytes.readUIntBE(at + MAGIC.length + 4 + NUMBER_BYTES, NUMBER_BYTES)
  return { number, flushFirst, at, endsAt, payload }
}

/** The first sound record that begins at `from` or after it; null when there is none. */
export function nextRecord(bytes: Buffer, from: number): StoredRecord | null {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const record = recordAt(bytes, at)
    if (record !== null) return record
  }
  return null
}

/** The sound records from the start of the bytes on, up to the first that is not. */
export function* soundRecords(bytes: Buffer): Generator<StoredRecord> {
  for (let record = recordAt(bytes, 0); record !== null; record = recordAt(bytes, record.endsAt)) yield record
}

/** The records of a segment, and the length of its sound part. */
export function decodeRecords(bytes: Buffer): { readonly records: LogRecord[]; readonly soundBytes: number } {
  const records: LogRecord[] = []
  let soundBytes = 0
  for (const { payload, endsAt } of soundRecords(bytes)) {
    records.push(recordOf(payload))
    soundBytes = endsAt
  }
  return { records, soundBytes }
}

function payloadText(record: LogRecord): string {
  if (record.type !== 'request') return JSON.stringify(record)
  const { lines, ...rest } = record
  return [JSON.stringify(rest), ...lines].join('\n')
}

/** The first offset and the number of events of a request, read without its lines; null for any other record. */
export function eventsIn(payload: Buffer): { readonly firstOffset: number; readonly count: number } | null {
  const end = payload.indexOf(NEWLINE)
  const head = JSON.parse(payload.toString('utf8', 0, end < 0 ? payload.length : end))
  return head.type === 'request' ? { firstOffset: head.firstOffset, count: head.answer.accepted } : null
}

/** The record in a payload whose checksum is right. */
export function recordOf(payload: Buffer): LogRecord {
  const [head, ...lines] = payload.toString('utf8').split('\n')
  const record = JSON.parse(head!)
  switch (record.type) {
    case 'request':
      return { ...record, answer: bounded(record.answer), lines }
    case 'cut':
      return { ...record, header: { ...record.header, horizonMs: record.header.horizonMs ?? Number.NEGATIVE_INFINITY } }
    default:
      return record
  }
}
