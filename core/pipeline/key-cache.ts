/** Makes a text of bytes that are ASCII. Each machine has its own fastest way. */
export type TextOf = (bytes: Uint8Array, start: number, end: number) => string

const SLOTS = 0x2_0000 // with keys of 20 bytes 8 MB when all are in use; a key that finds its slot taken is made anew
const MAX_CACHED_LENGTH = 64 // longer keys are rare, and would make the cache large

/**
 * The keys that were met lately, by their bytes: the same key is the same text, so that it is kept once, and looking it
 * up compares nothing.
 */
export class KeyCache {
  private readonly slots: (string | undefined)[] = new Array(SLOTS).fill(undefined)

  constructor(private readonly textOf: TextOf) {}

  /** The text of some bytes, which are ASCII. It is a text of its own, and keeps nothing else alive. */
  text(bytes: Uint8Array, start: number, end: number): string {
    if (end - start > MAX_CACHED_LENGTH) return this.textOf(bytes, start, end)
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const known = this.slots[slot]
    if (known !== undefined && isText(known, bytes, start, end)) return known
    const text = this.textOf(bytes, start, end)
    this.slots[slot] = text
    return text
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false
  return true
}
