const encoder = new TextEncoder()

/** Short ASCII texts, nearly all keys, are hashed from here without an allocation. Never read across calls. */
const scratch = new Uint8Array(1024)

/** murmur3_x86_32 (A. Appleby, public domain) of the text's UTF-8, from 0 to 2^32 - 1; a lone surrogate is U+FFFD. */
export function murmur3(text: string, seed: number): number {
  const length = text.length
  if (length > scratch.length) return murmur3Bytes(encoder.encode(text), seed)
  let seen = 0
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    seen |= unit
    scratch[i] = unit
  }
  return seen < 0x80 ? murmur3Bytes(scratch, seed, length) : murmur3Bytes(encoder.encode(text), seed)
}

/** murmur3_x86_32 of the first `length` bytes. */
export function murmur3Bytes(bytes: Uint8Array, seed: number, length = bytes.length): number {
  const tail = length & ~3
  let h = seed | 0
  for (let i = 0; i < tail; i += 4) {
    h ^= scramble(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let last = 0
  for (let i = length - 1; i >= tail; i--) last = (last << 8) | bytes[i]!
  return mix(h ^ scramble(last) ^ length)
}

/** The finalizer of murmur3_x86_32: spreads each bit of a 32-bit number over all 32; a bijection. */
export function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}
