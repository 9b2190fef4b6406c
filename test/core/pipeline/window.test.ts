import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Duration, MAX_DURATION_MS, parseDurationMs } from '../../../core/pipeline/duration'
import {
  firstOpenWindowEnd,
  lastWindowEnd,
  lateness,
  paneStart,
  panesOfWindow,
  sliding,
  tumbling,
  type WindowSpec,
  windowEndsOfPane,
} from '../../../core/pipeline/window'

/** Sizes and slides up to 200 ms, dividing and not. */
const spec: fc.Arbitrary<WindowSpec> = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }))
  .map(([a, b]) => sliding(Math.max(a, b), Math.min(a, b)))
const ts = fc.oneof(fc.nat(1_000), fc.integer({ min: 0, max: 253_402_300_799_999 }))
const horizon = (ms: number) =>
  fc.oneof(
    fc.constant(Number.NEGATIVE_INFINITY),
    fc.integer({ min: -300, max: 300 }).map((distance) => ms + distance),
  )

/** The specification: starts at multiples of the slide, tried one by one around `ms`. */
function endsOf(windows: WindowSpec, ms: number): number[] {
  const ends: number[] = []
  const far = windows.sizeMs + windows.slideMs
  for (let start = ms - far; start <= ms + far; start++) {
    if (start % windows.slideMs === 0 && start <= ms && ms < start + windows.sizeMs) ends.push(start + windows.sizeMs)
  }
  return ends
}

describe('the windows of an event', () => {
  test('are those that start at a multiple of the slide and contain it', () => {
    fc.assert(
      fc.property(spec, ts, (windows, ms) => {
        expect(windowEndsOfPane(windows, paneStart(windows, ms))).toEqual(endsOf(windows, ms))
        expect(lastWindowEnd(windows, paneStart(windows, ms))).toBe(endsOf(windows, ms).at(-1))
      }),
    )
  })

  test('may start below 0', () => {
    expect(windowEndsOfPane(sliding(10, 5), 0)).toEqual([5, 10])
    expect(windowEndsOfPane(sliding(10, 4), 0)).toEqual([2, 6, 10])
    expect(windowEndsOfPane(tumbling(10), 0)).toEqual([10])
  })

  test('begin with the first open one above the horizon', () => {
    const events = fc
      .tuple(spec, ts)
      .chain(([windows, ms]) => fc.tuple(fc.constant(windows), fc.constant(ms), horizon(ms)))
    fc.assert(
      fc.property(events, ([windows, ms, horizonMs]) => {
        const ends = endsOf(windows, ms)
        const open = ends.filter((end) => end > horizonMs)
        const expected = open.length === 0 ? 'late' : open.length < ends.length ? 'partlyLate' : 'inTime'
        expect(firstOpenWindowEnd(windows, paneStart(windows, ms), horizonMs)).toBe(open[0] ?? null)
        expect(lateness(windows, ms, horizonMs)).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('close one after the other', () => {
    const windows = sliding('10s', '5s')
    expect([9_999, 10_000, 14_999, 15_000].map((at) => lateness(windows, 7_000, at))).toEqual([
      'inTime',
      'partlyLate',
      'partlyLate',
      'late',
    ])
    expect(firstOpenWindowEnd(windows, 5_000, Number.POSITIVE_INFINITY)).toBeNull()
  })
})

describe('panes', () => {
  test('lie in a window as a whole or not at all', () => {
    fc.assert(
      fc.property(spec, ts, (windows, ms) => {
        const pane = paneStart(windows, ms)
        expect(pane <= ms && ms < pane + windows.paneMs).toBe(true)
        expect(endsOf(windows, pane)).toEqual(endsOf(windows, pane + windows.paneMs - 1))
      }),
    )
  })

  test('of a window tile it, and are those that name it', () => {
    fc.assert(
      fc.property(spec, fc.nat(1_000), (windows, ms) => {
        for (const end of endsOf(windows, ms)) {
          const panes = panesOfWindow(windows, end)
          expect(panes[0]).toBe(end - windows.sizeMs)
          expect(panes.length * windows.paneMs).toBe(windows.sizeMs)
          expect(panes.every((pane) => windowEndsOfPane(windows, pane).includes(end))).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('are as long as the greatest common divisor of size and slide', () => {
    expect(sliding('10s', '4s')).toEqual({ kind: 'sliding', sizeMs: 10_000, slideMs: 4_000, paneMs: 2_000 })
    expect(sliding('1m', '10s').paneMs).toBe(10_000)
    expect(tumbling('10s')).toEqual({ kind: 'tumbling', sizeMs: 10_000, slideMs: 10_000, paneMs: 10_000 })
  })
})

describe('a definition is refused', () => {
  test.each<[string, () => WindowSpec]>([
    ['with a size of 0', () => tumbling(0)],
    ['with a negative size', () => tumbling(-1)],
    ['with half a millisecond', () => tumbling(0.5)],
    ['with a slide of 0', () => sliding('10s', '0s')],
    ['with gaps between its windows', () => sliding('5s', '10s')],
    ['with more than 1,000 windows per event', () => sliding(1_001, 1)],
    ['with more than 10,000 panes per window', () => sliding(20_011, 1_000)],
  ])('%s', (_, define) => {
    expect(define).toThrow(RangeError)
  })

  test('only beyond the limits', () => {
    expect(sliding(1_000, 1).paneMs).toBe(1)
    expect(sliding(10_000, 3_333).paneMs).toBe(1)
    expect(sliding('5s', '5s').paneMs).toBe(5_000)
  })
})

describe('a duration', () => {
  test.each<[Duration, number]>([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['366d', MAX_DURATION_MS],
    ['0s', 0],
    [250, 250],
    [-0, 0],
  ])('%j is %d ms', (duration, ms) => {
    expect(parseDurationMs(duration)).toBe(ms)
  })

  test.each([
    '',
    '10',
    's',
    '1.5s',
    '-1s',
    '1 s',
    '1S',
    '1w',
    ' 1s',
    '1s\n',
    '1e3s',
    '367d',
    '999999999999999d',
    'x'.repeat(1e6),
  ])('%.20j is refused', (text) => {
    expect(() => parseDurationMs(text)).toThrow(RangeError)
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_DURATION_MS + 1])('%d is refused', (ms) => {
    expect(() => parseDurationMs(ms)).toThrow(RangeError)
  })
})

test('durations are checked while they are typed', () => {
  type IsDuration<T> = T extends Duration ? true : false
  const checked: [IsDuration<10>, IsDuration<'10s'>, IsDuration<'10'>, IsDuration<'1w'>] = [true, true, false, false]
  expect(checked).toEqual([true, true, false, false])
})
