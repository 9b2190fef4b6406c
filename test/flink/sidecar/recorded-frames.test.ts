import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { encodeFrame, FrameReader } from '../../../flink/sidecar/frames'
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
