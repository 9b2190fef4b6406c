import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import * as z from 'zod/mini'
import { digestInput, type Envelope, type EnvelopeHeader } from '../core/protocol/envelope'
import { digestOf } from './packing'

/**
 * An envelope on the wire: length of the header and its CRC-32 (4 bytes each, big endian), the header as JSON, the raw
 * lines joined by newlines and compressed with gzip. The header stays readable when the lines are corrupt, so that the
 * envelope can still be refused by name; its checksum is for just that: a damaged header must not get another envelope
 * refused.
 */
export interface WireHeader extends EnvelopeHeader {
  /** From this time on (epoch ms) the edge takes the envelope back; a function leaves it alone. */
  readonly reclaimAtMs: number
}

/** What a record of the stream turned out to be. */
export type Opened =
  | { readonly kind: 'envelope'; readonly header: WireHeader; readonly envelope: Envelope }
  | { readonly kind: 'corrupt'; readonly header: WireHeader; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string }

const FORMAT = 1
const PREFIX_BYTES = 8 // length and CRC-32 of the header
const MAX_LINES_BYTES = 16 * 1024 * 1024 // envelopes are cut at 256 KB; a line may be as long as the line limit

const headerSchema = z.object({
  format: z.literal(FORMAT),
  pipeline: z.string(),
  version: z.string(),
  incarnation: z.string(),
  number: z.int(),
  firstOffset: z.int(),
  count: z.int(),
  horizonMs: z.nullable(z.number()),
  digest: z.string(),
  reclaimAtMs: z.number(),
})

export function sealEnvelope(envelope: Envelope, reclaimAtMs: number): Uint8Array {
  const { lines, horizonMs, ...rest } = envelope
  const header = { format: FORMAT, ...rest, horizonMs: Number.isFinite(horizonMs) ? horizonMs : null, reclaimAtMs }
  const headerBytes = Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(headerBytes.length, 0)
  prefix.writeUInt32BE(crc32(headerBytes), 4)
  return Buffer.concat([prefix, headerBytes, gzipSync(lines.join('\n'), { level: 1 })])
}

/** Opens a record and checks its digest; never throws. */
export function openEnvelope(bytes: Uint8Array): Opened {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = readHeader(buffer)
  if (header === null) return { kind: 'unreadable', reason: 'the record is no envelope of a format known here' }
  try {
    const packed = buffer.subarray(PREFIX_BYTES + buffer.readUInt32BE(0))
    const body = gunzipSync(packed, { maxOutputLength: MAX_LINES_BYTES })
    const lines = body.toString('utf8').split('\n')
    if (lines.length !== header.count)
      return { kind: 'corrupt', header, reason: `${lines.length} lines, not ${header.count}` }
    if (digestOf(digestInput(header, lines)) !== header.digest)
      return { kind: 'corrupt', header, reason: 'the digest differs' }
    return { kind: 'envelope', header, envelope: { ...header, lines } }
  } catch (error) {
    return {
      kind: 'corrupt',
      header,
      reason: `the lines cannot be unpacked: ${error instanceof Error ? error.message : error}`,
    }
  }
}

function readHeader(buffer: Buffer): WireHeader | null {
  if (buffer.length < PREFIX_BYTES) return null
  const bytes = buffer.subarray(PREFIX_BYTES, PREFIX_BYTES + buffer.readUInt32BE(0))
  if (crc32(bytes) !== buffer.readUInt32BE(4)) return null
  try {
    const { format, horizonMs, ...rest } = headerSchema.parse(JSON.parse(bytes.toString('utf8')))
    return { ...rest, horizonMs: horizonMs ?? Number.NEGATIVE_INFINITY }
  } catch {
    return null
  }
}
