import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { LogRecord } from '../../../core/protocol/log-record'
import { decodeRecords, nextRecord } from '../../../edge-node/log/log-codec'
import { encoded, logRecord, requestOf } from './log-records'

const records = fc.array(logRecord, { minLength: 1, maxLength: 6 })

const lengthOf = (written: readonly LogRecord[]) => encoded(written).length

/** How many of the records lie in the first `bytes` bytes as a whole. */
function wholeWithin(written: readonly LogRecord[], bytes: number): number {
  const beyond = written.findIndex((_, index) => lengthOf(written.slice(0, index + 1)) > bytes)
  return beyond < 0 ? written.length : beyond
}

describe('what was written', () => {
  test('is read back, whatever the records are', () => {
    fc.assert(
      fc.property(records, (written) => {
        const bytes = encoded(written)
        expect(decodeRecords(bytes)).toEqual({ records: written, soundBytes: bytes.length })
      }),
    )
  })

  test('an empty segment holds nothing', () => {
    expect(decodeRecords(Buffer.alloc(0))).toEqual({ records: [], soundBytes: 0 })
  })

  test('a request without lines is not a request with one empty line', () => {
    const written = [requestOf([]), requestOf(['']), requestOf(['', ''])]
    expect(decodeRecords(encoded(written)).records).toEqual(written)
  })

  test('carriage returns, line separators and escaped surrogates of a line stay as they came', () => {
    const written = [requestOf(['{"a":\r1}', '"\u2028\u2029\u0085"', String.raw`"\ud800"`])]
    expect(decodeRecords(encoded(written)).records).toEqual(written)
  })
})

describe('a torn or damaged segment', () => {
  test('cut off anywhere, gives the records before the cut and the length of these', () => {
    fc.assert(
      fc.property(records, fc.nat(), (written, cut) => {
        const bytes = encoded(written)
        const kept = cut % (bytes.length + 1)
        const sound = written.slice(0, wholeWithin(written, kept))
        expect(decodeRecords(bytes.subarray(0, kept))).toEqual({ records: sound, soundBytes: lengthOf(sound) })
      }),
    )
  })

  test('with any one byte changed, gives the records before that byte and never a wrong one', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, change) => {
        const bytes = encoded(written)
        const at = place % bytes.length
        bytes[at] = bytes[at]! ^ change
        const sound = written.slice(0, wholeWithin(written, at))
        expect(decodeRecords(bytes)).toEqual({ records: sound, soundBytes: lengthOf(sound) })
      }),
      { numRuns: 500 },
    )
  })

  test.each([1, 7, 8, 4096])('a tail of %d zeros, as a power cut leaves it, is a torn tail', (zeros) => {
    const written = requestOf(['{"a":1}'])
    const bytes = Buffer.concat([encoded([written]), Buffer.alloc(zeros)])
    expect(decodeRecords(bytes)).toEqual({ records: [written], soundBytes: bytes.length - zeros })
  })

  test('a length beyond any record is a torn tail', () => {
    expect(decodeRecords(Buffer.alloc(64, 0xff))).toEqual({ records: [], soundBytes: 0 })
  })
})

describe('behind damage', () => {
  test('the next sound record is found, whatever lies before it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), records, (rubbish, written) => {
        const bytes = Buffer.concat([rubbish, encoded(written, 7)])
        expect(nextRecord(bytes, 0)).toMatchObject({ number: 7, at: rubbish.length })
      }),
    )
  })

  test('a record that a client wrote into a line is none', () => {
    const inner = encoded([{ type: 'closing', horizonMs: 1 }]).toString('latin1')
    const bytes = encoded([requestOf([JSON.stringify(inner)])])
    expect(nextRecord(bytes, 1)).toBeNull()
  })
})
