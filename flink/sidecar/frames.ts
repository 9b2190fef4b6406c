/**
 * Frames of the sidecar's protocol: length of the rest (4 bytes), id of the request (4 bytes), kind (1 byte), payload.
 * All numbers are big endian. An answer carries the id of its request; answers come in any order.
 */
export interface Frame {
  readonly id: number
  readonly kind: number
  readonly payload: Uint8Array
}

const LENGTH_BYTES = 4
const HEAD_BYTES = 5 // id and kind

/** The largest frame that either side sends or takes, without its length: a partial of some hundred thousand keys. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** A length that no frame has: whatever follows cannot be told apart any more, so the connection ends. */
export class FrameOutOfBounds extends Error {
  readonly code = 'frame_out_of_bounds'
  readonly retryable = false

  constructor(bytes: number) {
    super(`a frame of ${bytes} bytes; frames have ${HEAD_BYTES} to ${MAX_FRAME_BYTES}: cut smaller envelopes`)
  }
}

/** Throws FrameOutOfBounds for a payload that is too large. */
export function encodeFrame({ id, kind, payload }: Frame): Buffer {
  const bytes = HEAD_BYTES + payload.length
  if (bytes > MAX_FRAME_BYTES) throw new FrameOutOfBounds(bytes)
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + bytes)
  frame.writeUInt32BE(bytes, 0)
  frame.writeUInt32BE(id, LENGTH_BYTES)
  frame.writeUInt8(kind, LENGTH_BYTES + 4)
  frame.set(payload, LENGTH_BYTES + HEAD_BYTES)
  return frame
}

/** Finds the frames in a stream of bytes, however it is split. */
export class FrameReader {
  private chunks: Buffer[] = []
  private bytes = 0
  /** Bytes that have to be there before it is worth looking again: joining at every chunk would be quadratic. */
  private wanted = LENGTH_BYTES

  /** The frames that are complete with this chunk. Throws FrameOutOfBounds; then nothing more can be read. */
  push(chunk: Buffer): Frame[] {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes < this.wanted) return []
    const buffer = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks)
    const frames: Frame[] = []
    let at = 0
    this.wanted = LENGTH_BYTES
    while (buffer.length - at >= LENGTH_BYTES) {
      const length = buffer.readUInt32BE(at)
      if (length < HEAD_BYTES || length > MAX_FRAME_BYTES) throw new FrameOutOfBounds(length)
      const end = at + LENGTH_BYTES + length
      if (buffer.length < end) {
        this.wanted = end - at
        break
      }
      frames.push(frameAt(buffer, at, end))
      at = end
    }
    const rest = buffer.subarray(at)
    this.chunks = rest.length > 0 ? [rest] : []
    this.bytes = rest.length
    return frames
  }
}

const frameAt = (buffer: Buffer, at: number, end: number): Frame => ({
  id: buffer.readUInt32BE(at + LENGTH_BYTES),
  kind: buffer.readUInt8(at + LENGTH_BYTES + 4),
  payload: buffer.subarray(at + LENGTH_BYTES + HEAD_BYTES, end),
})
