import { crc32 } from 'node:zlib'
import type { StoredRecord } from './log-codec'

/**
 * Records as version 0.1.0 wrote them, for segments that it left: length of the payload (4 bytes, big endian), CRC-32
 * of the payload (4), payload. They have no number, so -1 stands in for it.
 */
const FRAME_BYTES = 8
const MAX_RECORD_BYTES = 256 * 1024 * 1024

export function oldRecordAt(bytes: Buffer, at: number): StoredRecord | null {
  if (at + FRAME_BYTES > bytes.length) return null
  const length = bytes.readUInt32BE(at)
  const endsAt = at + FRAME_BYTES + length
  // No record is empty. After a power cut a file may end in zeros, which are a length of 0 with its right checksum.
  if (length === 0 || length > MAX_RECORD_BYTES || endsAt > bytes.length) return null
  const payload = bytes.subarray(at + FRAME_BYTES, endsAt)
  if (crc32(payload) !== bytes.readUInt32BE(at + 4)) return null
  return { number: -1, flushFirst: -1, at, endsAt, payload }
}

/** The first sound record that begins at `from` or after it; null when there is none. */
export function nextOldRecord(bytes: Buffer, from: number): StoredRecord | null {
  for (let at = from; at + FRAME_BYTES < bytes.length; at++) {
    const record = bytes[at + FRAME_BYTES] === 0x7b ? oldRecordAt(bytes, at) : null // each payload begins with a brace
    if (record !== null) return record
  }
  return null
}
