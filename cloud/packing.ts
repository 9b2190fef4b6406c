import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Json } from '../core/pipeline/aggregate'

/** SHA-256 of the lines joined by newlines, in hex: the digest of envelopes, accepted sets and result files. */
export function digestOf(lines: readonly string[]): string {
  const hash = createHash('sha256')
  hash.update(lines.join('\n'))
  return hash.digest('hex')
}

// far above any chunk or envelope; stops a corrupt length from filling the memory
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024

/** JSON, compressed. Level 1: the ratio of level 6 would cost three times the time. */
export const pack = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value), { level: 1 })

/** Throws when the bytes are no compressed JSON, or unpack to more than `maxBytes`. */
export const unpack = (bytes: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): Json =>
  JSON.parse(gunzipSync(bytes, { maxOutputLength: maxBytes }).toString('utf8'))
