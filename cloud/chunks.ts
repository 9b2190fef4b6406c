import type { EncodedGroup } from '../core/protocol/partial'

/**
 * Most JSON text in one chunk. DynamoDB takes items of 400 KB. Compressed text is never longer than the text, so a
 * limit on the text keeps every chunk under 300 KB without compressing it to find out.
 */
export const MAX_CHUNK_BYTES = 290_000

/** What the elements of a chunk may take, each with a comma: a list has one bracket more than it has commas. */
export const CHUNK_ROOM_BYTES = MAX_CHUNK_BYTES - 1

/** Most JSON text that travels inside a head: then an envelope is one write. */
export const MAX_INLINE_BYTES = 200_000

/** A group too large for any item. Not retryable; the window is finished at the edge instead. */
export class GroupTooLarge extends Error {
  readonly code = 'group_too_large'
  readonly retryable = false
  /** Does not name the key, since it is logged: keys are of events. */
  constructor(bytes: number) {
    super(`the state of one key takes ${bytes} bytes; at most ${MAX_CHUNK_BYTES} fit an item`)
  }
}

/** Splits groups into runs whose JSON text stays under the limit of a chunk. Throws GroupTooLarge. */
export function chunkGroups(groups: readonly EncodedGroup[]): EncodedGroup[][] {
  const chunks: EncodedGroup[][] = []
  let room = 0
  for (const group of groups) {
    const bytes = Buffer.byteLength(JSON.stringify(group)) + 1
    if (bytes > CHUNK_ROOM_BYTES) throw new GroupTooLarge(bytes)
    if (bytes > room) {
      chunks.push([])
      room = CHUNK_ROOM_BYTES
    }
    chunks.at(-1)!.push(group)
    room -= bytes
  }
  return chunks
}
