import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeFrame, FrameOutOfBounds, FrameReader, MAX_FRAME_BYTES } from '../../../flink/sidecar/frames'

const frame = fc.record({
  id: fc.nat(0xffff_ffff),
  kind: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 64 }),
})

/** Cuts the bytes at these places. */
function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index]!, end))
}

describe('frames', () => {
  test('any split of the stream gives the same frames in the same order', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const reader = new FrameReader()
        const read = split(Buffer.concat(frames.map(encodeFrame)), places).flatMap((chunk) => reader.push(chunk))
        expect(read.map(({ payload, ...head }) => ({ ...head, payload: [...payload] }))).toEqual(
          frames.map(({ payload, ...head }) => ({ ...head, payload: [...payload] })),
        )
      }),
    )
  })

  test.each([0, 4, MAX_FRAME_BYTES + 1, 0xffff_ffff])('a length of %i is refused before anything is held', (length) => {
    const prefix = Buffer.alloc(4)
    prefix.writeUInt32BE(length)
    expect(() => new FrameReader().push(prefix)).toThrow(FrameOutOfBounds)
  })

  test('what could not be read is not sent', () => {
    const payload = { length: MAX_FRAME_BYTES } as Uint8Array
    expect(() => encodeFrame({ id: 1, kind: 1, payload })).toThrow(FrameOutOfBounds)
  })
})
