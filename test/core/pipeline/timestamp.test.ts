import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readTimestamp, TIMESTAMP_UNITS } from '../../../core/pipeline/timestamp'
import { timestampMs } from '../../../scripts/verify/time'

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
    ['2024-02-29 08:00:00-04', noon],
    ['2024-02-29T12:00:00+00', noon],
    ['2024-02-29 14:30:00.25 +02:30', noon + 250],
    ['2024-02-29 12:00:00 +0000', noon],
    ['2024-02-29T12:00', noon],
    ['2024-02-29 14:00+02', noon],
    ['20240229T120000Z', noon],
    ['20240229T1200', noon],
    ['20240229t140000.5+0200', noon + 500],
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
    '2024-02-29T12:00:00+2:00',
    '2024-02-29T12:00:00+2',
    '2024-02-29T12:00:00  +02:00',
    '2024-02-29T12',
    '2024-02-29T12:00.5',
    '2024-02-29T120000Z',
    '20240229T12:00:00Z',
    '20240229T1200:00Z',
    '20240229 120000Z',
    '20240230T120000Z',
    '2024-0229T12:00:00Z',
    '2024-060T12:00:00Z',
    '2024-W09-4T12:00:00Z',
    '2024-02-29T12:00:00,5Z',
    '2024-02-29T12:00:00+02:0',
    '2024-02-29T12:00:00+02:',
    '20240229T120000-04:',
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

describe('a unit that the pipeline states', () => {
  test.each([
    ['s', 1_700_000_000, 1_700_000_000_000],
    ['s', 1.001, 1_001],
    ['s', 1_700_000_000.999, 1_700_000_000_999],
    ['s', 1_700_000_000.9999, 1_700_000_000_999],
    ['ms', 5, 5],
    ['us', 1_700_000_000_123_999, 1_700_000_000_123],
    ['ns', 1_700_000_000_123_000_000, 1_700_000_000_123],
    ['us', 73_492_767_747_869_010, 73_492_767_747_869],
    ['s', '1700000000', 1_700_000_000_000],
    ['ms', '1700000000123', 1_700_000_000_123],
    ['us', '1700000000123999', 1_700_000_000_123],
    ['ns', '1700000000123999999', 1_700_000_000_123],
    ['ns', '999999', 0],
    ['ns', '', null],
    ['s', '-1', null],
    ['s', '1e3', null],
    ['s', '1.5', null],
    ['s', '1700000000000', null],
    ['ns', '1700000000000000000000', null],
  ] as const)('%s: %j is %j', (unit, value, ms) => {
    expect(readTimestamp(value, unit)).toBe(ms)
  })

  test('leaves ISO 8601 as it is', () => {
    for (const unit of TIMESTAMP_UNITS) expect(readTimestamp('1970-01-01T00:00:01Z', unit)).toBe(1_000)
  })

  test('finds the ms of an instant in each unit', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        expect(readTimestamp(ms / 1_000, 's')).toBe(ms)
        expect(readTimestamp(`${ms}999`, 'us')).toBe(ms)
        expect(readTimestamp(`${ms}999999`, 'ns')).toBe(ms)
      }),
    )
  })
})

test('an independent reading of the formulas agrees on every text and number', () => {
  const digit = fc.constantFrom('0', '1', '2', '5', '9')
  const part = fc.oneof(
    digit,
    fc.constantFrom(
      '2024',
      '1970',
      '02',
      '29',
      '12',
      '59',
      '60',
      '24',
      '-',
      ':',
      'T',
      't',
      ' ',
      '.',
      'Z',
      '+',
      '+02',
      '-0430',
    ),
  )
  const date = fc.constantFrom('2024-02-29', '20240229', '2023-02-29', '1969-12-31', '9999-12-31', '2024-060')
  const separator = fc.constantFrom('T', 't', ' ', '', '  ')
  const time = fc.constantFrom('12:00:00', '120000', '12:00', '1200', '23:59:59', '24:00:00', '12:00:60', '12')
  const fraction = fc.constantFrom('', '.5', '.', ',5', '.123456789')
  const zone = fc.constantFrom('', 'Z', 'z', '+02', '-04:30', '+0530', ' +02:00', ' Z', '+14:01', '+2', '-00', '+02:60')
  const iso = fc.tuple(date, separator, time, fraction, zone).map((parts) => parts.join(''))
  const text = fc.oneof(
    { weight: 4, arbitrary: iso },
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  const number = fc.oneof(
    fc.double(),
    fc.double({ min: 0, max: 1e21 }),
    fc.maxSafeInteger(),
    fc.integer({ min: 0, max: 4_000_000_000 }),
  )
  const unit = fc.constantFrom(...TIMESTAMP_UNITS)
  fc.assert(
    fc.property(fc.oneof(text, number), unit, (value, unit) => {
      expect(readTimestamp(value, unit) ?? undefined).toBe(timestampMs(value, unit))
    }),
    { numRuns: 20_000 },
  )
})

describe('the table of the formulas', () => {
  const formulas = readFileSync(join(__dirname, '../../../docs/FORMULAS.md'), 'utf8')
  const rows = [...formulas.matchAll(/^\| `([^`]+)`\s*\| (\d+|refused)\s*\|/gm)].map(
    ([, text, ms]) => [text!, ms!] as const,
  )

  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(15)
  })

  test.each(rows)('%s is %s', (text, ms) => {
    const expected = ms === 'refused' ? null : Number(ms)
    expect(readTimestamp(text)).toBe(expected)
    expect(timestampMs(text) ?? null).toBe(expected)
  })
})
