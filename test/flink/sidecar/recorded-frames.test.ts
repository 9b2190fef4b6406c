import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeFrame, FrameOutOfBounds, FrameReader, MAX_FRAME_BYTES } from '../../../flink/sidecar/frames'
import {
  ANSWER,
  decodeAdmit,
  decodeAdmitted,
  decodeFold,
  decodeFolded,
  decodeHello,
  decodeLate,
  decodeMerge,
  decodePresent,
  decodeRefused,
  decodeWelcome,
  encodeAdmit,
  encodeAdmitted,
  encodeFold,
  encodeFolded,
  encodeHello,
  encodeLate,
  encodeMerge,
  encodePresent,
  encodeRefused,
  encodeWelcome,
  KIND,
} from '../../../flink/sidecar/messages'

/** Name and bytes of one frame a line. The Java side holds itself to the same file, with the same values. */
const recorded = new Map(
  readFileSync(join(__dirname, 'recorded-frames.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ') as [string, string]),
)

const source = 'run-1/bids/3'
const records = [
  { offset: 5_000_000_000, bytes: Buffer.from('{"a":1}') },
  { offset: 5_000_000_001, bytes: Buffer.from('no event') },
  { offset: 5_000_000_004, bytes: Buffer.from('{"a":"\u00e9"}') },
]
const letter = (code: string) => Buffer.from(JSON.stringify({ code }))
const accepted = { count: 2, sum: { hi: 0xfedcba98, lo: 0x76543210 } }
const partial = Buffer.from('partial')

/** Each message as it is meant, how it is written, and how it is read. */
const MESSAGES = {
  hello: message(KIND.hello, encodeHello, decodeHello, { protocol: 2, pipeline: 'bids', version: 'abc123' }),
  welcome: message(ANSWER.ok, encodeWelcome, decodeWelcome, {
    protocol: 2,
    version: 'abc123',
    sizeMs: 10_000,
    slideMs: 5_000,
    paneMs: 5_000,
    allowedLatenessMs: 5_000,
    outOfOrdernessMs: 2_000,
    idleTimeoutMs: 5_000,
    maxEnvelopeEvents: 256,
    maxEnvelopeBytes: 262_144,
    lingerMs: 60,
  }),
  admit: message(KIND.admit, encodeAdmit, decodeAdmit, { source, firstOffset: 5_000_000_000, records }),
  admitted: message(ANSWER.ok, encodeAdmitted, decodeAdmitted, {
    rejected: [1],
    newestMs: 1_795_366_780_123,
    panes: [{ startMs: 1_795_366_780_000, accepted: 2 }],
    letters: [letter('invalid_json')],
  }),
  'admitted-nothing': message(ANSWER.ok, encodeAdmitted, decodeAdmitted, {
    rejected: [0, 1],
    newestMs: null,
    panes: [],
    letters: [letter('invalid_json')],
  }),
  fold: message(KIND.fold, encodeFold, decodeFold, { source, firstOffset: 5_000_000_000, again: null }),
  'fold-again': message(KIND.fold, encodeFold, decodeFold, {
    source,
    firstOffset: 5_000_000_000,
    again: { rejected: [1], records },
  }),
  folded: message(ANSWER.ok, encodeFolded, decodeFolded, {
    lane: 'burst',
    panes: [{ startMs: 1_795_366_780_000, accepted, folded: 1, dead: 1, partial }],
    letters: [letter('map_failed')],
  }),
  merge: message(KIND.merge, encodeMerge, decodeMerge, [partial, Buffer.from('other')]),
  present: message(KIND.present, encodePresent, decodePresent, {
    startMs: 1_795_366_780_000,
    endMs: 1_795_366_790_000,
    accepted,
    edge: 0,
    burst: 1,
    dead: 1,
    partials: [partial],
  }),
  late: message(KIND.late, encodeLate, decodeLate, {
    ...{ source, firstOffset: 5_000_000_000, lastOffset: 5_000_000_004 },
    ...{ startMs: 1_795_366_780_000, endMs: 1_795_366_790_000 },
    ...{ accepted, edge: 0, burst: 1, dead: 1 },
  }),
  refused: message(ANSWER.refused, encodeRefused, decodeRefused, {
    code: 'unknown_envelope',
    message: 'it is not here',
    retryable: true,
  }),
}

/** The values of a message are in its type; the table is not interested in it. */
function message<Content>(
  kind: number,
  encode: (content: Content) => Buffer,
  decode: (payload: Uint8Array) => Content,
  content: Content,
) {
  return { frame: encodeFrame({ id: 7, kind, payload: encode(content) }), decode, content }
}

describe('the recorded frames', () => {
  test('are one for each message', () => {
    expect([...recorded.keys()].sort()).toEqual(Object.keys(MESSAGES).sort())
  })

  test.each(Object.entries(MESSAGES))('%s is written as recorded', (name, { frame }) => {
    expect(frame.toString('hex')).toBe(recorded.get(name))
  })

  test.each(Object.entries(MESSAGES))('%s is read as it was meant', (name, { decode, content }) => {
    const [frame] = new FrameReader().push(Buffer.from(recorded.get(name)!, 'hex'))
    expect(decode(frame!.payload)).toEqual(content)
  })
})

describe('frames on a connection', () => {
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

    test.each([0, 4, MAX_FRAME_BYTES + 1, 0xffff_ffff])(
      'a length of %i is refused before anything is held',
      (length) => {
        const prefix = Buffer.alloc(4)
        prefix.writeUInt32BE(length)
        expect(() => new FrameReader().push(prefix)).toThrow(FrameOutOfBounds)
      },
    )

    test('what could not be read is not sent', () => {
      const payload = { length: MAX_FRAME_BYTES } as Uint8Array
      expect(() => encodeFrame({ id: 1, kind: 1, payload })).toThrow(FrameOutOfBounds)
    })
  })
})
