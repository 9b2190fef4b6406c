import { describe, expect, test } from '@jest/globals'
import { timestampMs } from '../../../scripts/verify/time'
import { isClosed, sliding, tumbling, windowsOf } from '../../../scripts/verify/window'

describe('a timestamp', () => {
  test.each([
    [1700000000000, 1700000000000],
    [100_000_000_012.999, 100_000_000_012],
    ['1970-01-01T00:00:00Z', 0],
    ['2023-11-16 18:17:03.9799600', 1700158623979],
    ['2023-11-16t18:17:03z', 1700158623000],
    ['2023-11-16T18:17:03.5', 1700158623500],
    ['2023-11-16T18:17:03.0009Z', 1700158623000],
    ['2023-11-16T19:17:03+01:00', 1700158623000],
    ['2023-11-16T12:47:03-0530', 1700158623000],
    ['2023-11-16 14:17:03-04', 1700158623000],
    ['20231116T181703Z', 1700158623000],
    ['2023-11-16T18:17Z', 1700158620000],
    ['2024-02-29T00:00:00Z', 1709164800000],
    ['9999-12-31T23:59:59.999Z', 253402300799999],
  ])('%p is %p ms', (value, ms) => {
    expect(timestampMs(value)).toBe(ms)
  })

  test.each([
    [-1],
    [-0.5],
    [0],
    [99_999_999_999],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [253402300800000],
    ['1700000000000'],
    ['1969-12-31T23:59:59.999Z'],
    ['1970-01-01T00:00:00+00:01'],
    ['9999-12-31T23:59:59-00:01'],
    ['0075-01-01T00:00:00Z'],
    ['2023-02-29T00:00:00Z'],
    ['2023-13-01T00:00:00Z'],
    ['2023-01-01T24:00:00Z'],
    ['2023-01-01T00:60:00Z'],
    ['2023-01-01T00:00:60Z'],
    ['2023-01-01  00:00:00Z'],
    ['2023-01-01T00:00:00.Z'],
    ['2023-01-01T00:00:00+24:00'],
    ['2023-01-01T00:00:00+14:01'],
    ['2023-01-01T00:00:00+1'],
    [' 2023-01-01T00:00:00Z'],
    ['2023-01-01'],
    ['20230101T0000:24Z'],
    ['20230101T00:00:24Z'],
    [null],
    [undefined],
    [true],
  ])('%p is refused', (value) => {
    expect(timestampMs(value)).toBeUndefined()
  })
})

describe('windows', () => {
  test('a tumbling window holds its start and not its end', () => {
    expect(windowsOf(10_000, tumbling(10_000))).toEqual([{ start: 10_000, end: 20_000 }])
    expect(windowsOf(19_999, tumbling(10_000))).toEqual([{ start: 10_000, end: 20_000 }])
  })

  test('sliding windows are all those that contain the time', () => {
    expect(windowsOf(25, sliding(20, 10))).toEqual([
      { start: 10, end: 30 },
      { start: 20, end: 40 },
    ])
    expect(windowsOf(20, sliding(20, 10)).map(({ start }) => start)).toEqual([10, 20])
  })

  test('the size need not be a multiple of the slide, and early windows start before 1970', () => {
    expect(windowsOf(9, sliding(25, 10)).map(({ start }) => start)).toEqual([-10, 0])
    expect(windowsOf(3, sliding(25, 10)).map(({ start }) => start)).toEqual([-20, -10, 0])
  })

  test('a window is closed when its end is at or below the horizon, and none is before anything closed', () => {
    const window = { start: 0, end: 10 }
    expect([null, 0, 9, 10, 11].map((horizon) => isClosed(window, horizon))).toEqual([false, false, false, true, true])
  })
})
