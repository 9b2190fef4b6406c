import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readTimestamp } from '../../core/timestamp'

const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const instant = fc.integer({ min: 0, max: MAX_MS })

describe('a number', () => {
  test.each([
    [0, 0],
    [-0, 0],
    [-0.9, 0],
    [1.9, 1],
    [1_700_000_000_123, 1_700_000_000_123],
    [MAX_MS, MAX_MS],
    [MAX_MS + 0.5, MAX_MS],
    [MAX_MS + 1, null],
    [-1, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [Number.NEGATIVE_INFINITY, null],
  ])('%d is read as %j', (value, ms) => {
    expect(readTimestamp(value)).toBe(ms)
  })
})

test.each([null, undefined, true, {}, [], [1], 1n, new Date(0)])('%p is no timestamp', (value) => {
  expect(readTimestamp(value)).toBeNull()
})

describe('a string', () => {
  const noon = Date.UTC(2024, 1, 29, 12, 0, 0)

  test.each([
    ['2024-02-29T12:00:00', noon],
    ['2024-02-29t12:00:00', noon],
    ['2024-02-29 12:00:00', noon],
    ['2024-02-29T12:00:00Z', noon],
    ['2024-02-29T12:00:00z', noon],
    ['2024-02-29T12:00:00+00:00', noon],
    ['2024-02-29T12:00:00-00:00', noon],
    ['2024-02-29T14:30:00+02:30', noon],
    ['2024-02-29T14:30:00+0230', noon],
    ['2024-02-29T03:15:00.0-0845', noon],
    ['2024-03-01T02:00:00+14:00', noon],
    ['2024-02-28T22:00:00-14:00', noon],
    ['2024-02-29T12:00:00.5', noon + 500],
    ['2024-02-29T12:00:00.05', noon + 50],
    ['2024-02-29T12:00:00.123Z', noon + 123],
    ['2024-02-29T12:00:00.1239999999999999999999Z', noon + 123],
    ['2024-02-29 12:00:00.999999+00:00', noon + 999],
    ['1970-01-01T00:00:00', 0],
    ['1969-12-31T23:00:00-01:00', 0],
    ['9999-12-31T23:59:59.9999', MAX_MS],
    ['2000-02-29T00:00:00', Date.UTC(2000, 1, 29)],
  ])('%j is read', (text, ms) => {
    expect(readTimestamp(text)).toBe(ms)
  })

  test.each([
    '',
    '2024-02-29',
    '2024-02-29T12:00',
    '2024-02-29T12:00Z',
    '2024-02-29  12:00:00',
    '2024-02-29_12:00:00',
    ' 2024-02-29T12:00:00',
    '2024-02-29T12:00:00 ',
    '2024-02-29T12:00:00.',
    '2024-02-29T12:00:00.Z',
    '2024-02-29T12:00:00,5',
    '2024-02-29T12:00:00.5.5',
    '2024-02-29T12:00:00ZZ',
    '2024-02-29T12:00:00 Z',
    '2024-02-29T12:00:00+',
    '2024-02-29T12:00:00+02',
    '2024-02-29T12:00:00+2:00',
    '2024-02-29T12:00:00+02:0',
    '2024-02-29T12:00:00+02:000',
    '2024-02-29T12:00:00+02:60',
    '2024-02-29T12:00:00+14:01',
    '2024-02-29T12:00:00-15:00',
    '2024-02-29T12:00:00*02:00',
    '2024-02-29T12:00:00+02:00Z',
    '2023-02-29T12:00:00',
    '2100-02-29T12:00:00',
    '2024-04-31T12:00:00',
    '2024-00-10T12:00:00',
    '2024-13-10T12:00:00',
    '2024-01-00T12:00:00',
    '2024-01-32T12:00:00',
    '2024-01-01T24:00:00',
    '2024-01-01T12:60:00',
    '2024-01-01T12:00:60',
    '2016-12-31T23:59:60Z',
    '1969-12-31T23:59:59',
    '1970-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '0099-01-01T00:00:00',
    '0000-01-01T00:00:00',
    '+002024-01-01T00:00:00',
    '-2024-01-01T00:00:00',
    '2024/01/01T00:00:00',
    '2024-1-01T00:00:00',
    '２024-01-01T00:00:00',
    '1700000000000',
    'Thu, 01 Jan 1970 00:00:00 GMT',
  ])('%j is refused', (text) => {
    expect(readTimestamp(text)).toBeNull()
  })

  test('gives back each instant from its ISO 8601 text', () => {
    fc.assert(fc.property(instant, (ms) => readTimestamp(new Date(ms).toISOString()) === ms))
  })

  test('is local time minus its zone', () => {
    const zone = fc.integer({ min: -14 * 60, max: 14 * 60 })
    const day = 86_400_000
    fc.assert(
      fc.property(fc.integer({ min: day, max: MAX_MS - day }), zone, fc.constantFrom(':', ''), (ms, minutes, colon) => {
        const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1)
        const [hh, mm] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((n) =>
          String(n).padStart(2, '0'),
        )
        expect(readTimestamp(`${local}${minutes < 0 ? '-' : '+'}${hh}${colon}${mm}`)).toBe(ms)
      }),
    )
  })

  test('with a day that no calendar has is refused, each day that one has is read', () => {
    for (const year of [1970, 1999, 2000, 2024, 2100]) {
      for (let month = 1; month <= 12; month++) {
        for (let day = 1; day <= 31; day++) {
          const exists = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1
          const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}T00:00:00Z`
          expect(readTimestamp(text)).toBe(exists ? Date.UTC(year, month - 1, day) : null)
        }
      }
    }
  })
})
