import { gunzipSync, gzipSync } from 'node:zlib'
import * as z from 'zod/mini'
import type { Envelope, EnvelopeHeader } from '../core/envelope'
import { digestOf } from './packing'

/**
 * An envelope on the wire: length of the header (4 bytes, big endian), the header as JSON, the raw lines joined by newlines and
 * compressed with gzip. The header stays readable when the lines are corrupt, so that the envelope can still be refused by name.
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
  const length = Buffer.alloc(4)
  length.writeUInt32BE(headerBytes.length)
  return Buffer.concat([length, headerBytes, gzipSync(lines.join('\n'), { level: 1 })])
}

/** Opens a record and checks its digest; never throws. */
export function openEnvelope(bytes: Uint8Array): Opened {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = readHeader(buffer)
  if (header === null) return { kind: 'unreadable', reason: 'the record is no envelope of a format known here' }
  try {
    const body = gunzipSync(buffer.subarray(4 + buffer.readUInt32BE(0)), { maxOutputLength: MAX_LINES_BYTES })
    const lines = body.toString('utf8').split('\n')
    if (lines.length !== header.count)
      return { kind: 'corrupt', header, reason: `${lines.length} lines, not ${header.count}` }
    if (digestOf(lines) !== header.digest) return { kind: 'corrupt', header, reason: 'the digest of the lines differs' }
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
  if (buffer.length < 4) return null
  const length = buffer.readUInt32BE(0)
  try {
    const { format, horizonMs, ...rest } = headerSchema.parse(JSON.parse(buffer.toString('utf8', 4, 4 + length)))
    return { ...rest, horizonMs: horizonMs ?? Number.NEGATIVE_INFINITY }
  } catch {
    return null
  }
}
