import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Opened, openEnvelope, sealEnvelope } from '../../cloud/envelope-codec'
import { digestOf } from '../../cloud/packing'
import { digestInput, type Envelope } from '../../core/protocol/envelope'
import { envelopeOf } from './sample-envelopes'

const RECLAIM_AT_MS = 1_700_000_030_000
const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ' '))
const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    pipeline: fc.string(),
    version: fc.string(),
    incarnation: fc.string({ unit: 'binary' }),
    number: fc.maxSafeNat(),
    firstOffset: fc.maxSafeNat(),
    horizonMs: fc.oneof(fc.integer(), fc.constant(Number.NEGATIVE_INFINITY)),
    lines: fc.array(line, { minLength: 1, maxLength: 30 }),
  })
  .map(({ lines, ...parts }) => {
    const header = { ...parts, count: lines.length }
    return { ...header, digest: digestOf(digestInput(header, lines)), lines }
  })

const opened = (record: Uint8Array) => {
  const found = openEnvelope(record)
  if (found.kind !== 'envelope') throw new Error(`${found.kind}: ${found.reason}`)
  return found
}

describe('an envelope on the wire', () => {
  test('comes back as it was sealed, whatever its lines contain', () => {
    fc.assert(
      fc.property(envelope, (sealed) => {
        const found = opened(sealEnvelope(sealed, RECLAIM_AT_MS))
        expect(found.envelope).toEqual({ ...sealed, reclaimAtMs: RECLAIM_AT_MS })
        expect(found.header.reclaimAtMs).toBe(RECLAIM_AT_MS)
      }),
    )
  })

  test('is read out of a larger buffer too', () => {
    const sealed = envelopeOf(7, [{ k: 'ü😀', t: 1 }])
    const record = sealEnvelope(sealed, RECLAIM_AT_MS)
    const around = Buffer.concat([Buffer.alloc(9, 1), record, Buffer.alloc(9, 1)])
    expect(opened(around.subarray(9, 9 + record.length)).envelope.lines).toEqual(sealed.lines)
  })

  test('with any byte changed is corrupt or unreadable, or still the same; never another envelope', () => {
    const sealed = envelopeOf(17, [
      { k: 'a', t: 1 },
      { k: 'b', t: 2 },
    ])
    const record = sealEnvelope(sealed, RECLAIM_AT_MS)
    for (let place = 0; place < record.length; place++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const changed = Uint8Array.from(record)
        changed[place]! ^= flip
        expectNoOther(openEnvelope(changed), sealed)
      }
    }
  })

  test('cut off anywhere is corrupt or unreadable', () => {
    const record = sealEnvelope(envelopeOf(1, [{ k: 'a', t: 1 }]), RECLAIM_AT_MS)
    for (let length = 0; length < record.length; length++) {
      expect(openEnvelope(record.subarray(0, length)).kind).not.toBe('envelope')
    }
  })

  test('of any other bytes is unreadable, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(openEnvelope(bytes).kind).toBe('unreadable')
      }),
    )
  })

  test.each([
    ['fewer lines than it says', { count: 2 }, '1 lines, not 2'],
    ['another digest', { digest: 'd' }, 'the digest differs'],
    ['another offset than its digest covers', { firstOffset: 1 }, 'the digest differs'],
    ['another horizon than its digest covers', { horizonMs: 10 }, 'the digest differs'],
    ['other lines than its digest covers', { lines: ['{"k":"b","t":1}'] }, 'the digest differs'],
  ])('with %s is corrupt, and still says which envelope it is', (_, wrong, reason) => {
    const sealed = { ...envelopeOf(17, [{ k: 'a', t: 1 }]), ...wrong }
    const found = openEnvelope(sealEnvelope(sealed, RECLAIM_AT_MS))
    expect(found).toMatchObject({ kind: 'corrupt', header: { number: 17, incarnation: 'incarnation-1' }, reason })
  })

  test('that would unpack to more than any envelope has is corrupt, and is not unpacked', () => {
    const lines = ['x'.repeat(17 * 1024 * 1024)]
    const found = openEnvelope(sealEnvelope({ ...envelopeOf(1, []), count: 1, lines }, RECLAIM_AT_MS))
    expect(found).toMatchObject({ kind: 'corrupt', reason: expect.stringContaining('cannot be unpacked') })
  })

  test('is the header behind its length and checksum, then the lines as they came in, compressed once', () => {
    const sealed = envelopeOf(1, [
      { k: 'ü', t: 1 },
      { k: 'b', t: 2 },
    ])
    const record = Buffer.from(sealEnvelope(sealed, RECLAIM_AT_MS))
    const headerEnd = 8 + record.readUInt32BE(0)
    const header = record.subarray(8, headerEnd)
    expect(record.readUInt32BE(4)).toBe(crc32(header))
    expect(JSON.parse(header.toString())).toMatchObject({ format: 1, number: 1, horizonMs: null, count: 2 })
    expect(gunzipSync(record.subarray(headerEnd)).toString()).toBe(sealed.lines.join('\n'))
  })

  test.each([
    ['of another format', { format: 2 }],
    ['without a number', { number: undefined }],
    ['with a number that is no integer', { number: 1.5 }],
  ])('%s is unreadable, since it cannot be told what it names', (_, wrong) => {
    const { lines, ...rest } = envelopeOf(1, [{ k: 'a', t: 1 }])
    const right = { format: 1, ...rest, horizonMs: null, reclaimAtMs: RECLAIM_AT_MS }
    expect(openEnvelope(recordOf(right, lines)).kind).toBe('envelope')
    expect(openEnvelope(recordOf({ ...right, ...wrong }, lines)).kind).toBe('unreadable')
  })
})

function expectNoOther(found: Opened, sealed: Envelope): void {
  if (found.kind !== 'unreadable') expect(found.header.number).toBe(sealed.number)
  if (found.kind === 'envelope') expect(found.envelope).toEqual({ ...sealed, reclaimAtMs: RECLAIM_AT_MS })
}

function recordOf(header: object, lines: readonly string[]): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeUInt32BE(bytes.length, 0)
  prefix.writeUInt32BE(crc32(bytes), 4)
  return Buffer.concat([prefix, bytes, gzipSync(lines.join('\n'))])
}
