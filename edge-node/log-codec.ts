import { crc32 } from 'node:zlib'
import type { LogRecord } from '../core/log-record'

/**
 * A record on disk: length of the payload (4 bytes, big endian), CRC-32 of the payload (4 bytes), payload. The payload is the record as one line of JSON,
 * for a request without its lines, which follow as they came, each after a newline. -Infinity is written as null.
 */
const FRAME_BYTES = 8
const MAX_RECORD_BYTES = 256 * 1024 * 1024 // far above the largest request; a larger length is a torn or foreign file

export function encodeRecord(record: LogRecord): Buffer {
  const payload = Buffer.from(payloadText(record))
  if (payload.length > MAX_RECORD_BYTES) throw new Error(`a record of ${payload.length} bytes could not be read again`)
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(payload.length, 0)
  frame.writeUInt32BE(crc32(payload), 4)
  return Buffer.concat([frame, payload])
}

/** The records of a segment, and the length of its sound part: what is after it is a torn tail. */
export function decodeRecords(bytes: Buffer): { readonly records: LogRecord[]; readonly soundBytes: number } {
  const records: LogRecord[] = []
  let at = 0
  while (at + FRAME_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    const end = at + FRAME_BYTES + length
    // No record is empty. After a power cut a file may end in zeros, which are a length of 0 with its right checksum.
    if (length === 0 || length > MAX_RECORD_BYTES || end > bytes.length) break
    const payload = bytes.subarray(at + FRAME_BYTES, end)
    if (crc32(payload) !== bytes.readUInt32BE(at + 4)) break
    records.push(recordOf(payload.toString('utf8')))
    at = end
  }
  return { records, soundBytes: at }
}

function payloadText(record: LogRecord): string {
  if (record.type !== 'request') return JSON.stringify(record)
  const { lines, ...rest } = record
  return [JSON.stringify(rest), ...lines].join('\n')
}

function recordOf(text: string): LogRecord {
  const [head, ...lines] = text.split('\n')
  const record = JSON.parse(head!)
  switch (record.type) {
    case 'request':
      return { ...record, lines }
    case 'cut':
      return { ...record, header: { ...record.header, horizonMs: record.header.horizonMs ?? Number.NEGATIVE_INFINITY } }
    default:
      return record
  }
}
