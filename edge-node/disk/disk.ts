// For: the data folder: one node at a time, private, with room, and no damage that goes unnoticed.
// In: what the rooms above write.
// Out: the same again after a start, or the error that says what cannot be read.

import { crc32 } from 'node:zlib'

/** What a small file of one JSON object holds. */
export type CheckedJson =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'sound'; readonly content: Record<string, unknown> }

/** The object as JSON, with a checksum among its fields. */
export const checkedJson = (content: Record<string, unknown>): string =>
  JSON.stringify({ ...content, checksum: checksumOf(content) })

/** Reads it again; null is a file that is not there. Version 0.1.0 wrote no checksum. */
export function readCheckedJson(text: string | null): CheckedJson {
  if (text === null) return { kind: 'absent' }
  try {
    const { checksum, ...content } = JSON.parse(text)
    const isSound = checksum === undefined || checksum === checksumOf(content)
    return isSound ? { kind: 'sound', content } : { kind: 'damaged' }
  } catch {
    return { kind: 'damaged' }
  }
}

const checksumOf = (content: Record<string, unknown>) => crc32(JSON.stringify(content)).toString(16).padStart(8, '0')

/** The node cannot start on this data. Not retryable without doing what the message says. */
export class CannotRecover extends Error {
  readonly code = 'cannot_recover'
  readonly retryable = false
}
