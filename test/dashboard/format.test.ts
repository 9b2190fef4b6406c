import { describe, expect, test } from '@jest/globals'
import { bytes, cell, count, duration, eventRate, percent, rate, usd, words } from '../../dashboard/src/format'
import { balances, partShares, reasonsOf } from '../../dashboard/src/panels/figures'
import { labelHeights, runs } from '../../dashboard/src/plots/geometry'
import { sseParser } from '../../dashboard/src/sse'

describe('numbers in words', () => {
  test.each<[string, string]>([
    [count(99_999), '99,999'],
    [count(1_234_567), '1.23M'],
    [count(Number.NaN), '–'],
    [rate(0), '0/s'],
    [rate(2.34), '2.3/s'],
    [eventRate(4_800), '4,800 events/s'],
    [duration(0), '0 ms'],
    [duration(0.4), '< 1 ms'],
    [duration(840), '840 ms'],
    [duration(2_300), '2.3 s'],
    [duration(90_000), '1.5 min'],
    [duration(7_200_000), '2 h'],
    [usd(0), '$0'],
    [usd(0.000_22), '$0.00022'],
    [usd(0.000_001), '< $0.00001'],
    [usd(1.5), '$1.500'],
    [usd(12.345), '$12.35'],
    [bytes(512), '512 B'],
    [bytes(262_144), '256 KiB'],
    [bytes(1_572_864), '1.5 MiB'],
    [percent(0.004), '< 1 %'],
    [percent(0.36), '36 %'],
    [percent(Number.NaN), '–'],
    [cell(1234.5), '1,234.5'],
    [cell('a'), 'a'],
    [cell({ p99: 1 }), '{"p99":1}'],
    [words('queueDelayMs'), 'queue delay ms'],
  ])('%s', (said, expected) => expect(said).toBe(expected))
})

test('a window balances when all that was accepted is somewhere', () => {
  const window = { start: 0, end: 1, accepted: 10, edge: 6, burst: 3, deadLettered: 1, rows: 1 }
  expect([balances(window), balances({ ...window, burst: 2 })]).toEqual([true, false])
})

test('dead letters are counted by reason, the most frequent first', () => {
  const letters = ['late', 'bad', 'bad'].map((reason) => ({ code: 'map_failed', reason }))
  expect(reasonsOf(letters).map(({ reason, letters: many }) => [reason, many])).toEqual([
    ['bad', 2],
    ['late', 1],
  ])
})

test('times of bursting are runs of ones', () => {
  expect(runs([0, 1, 1, 0, 0, 1])).toEqual([
    [1, 2],
    [5, 5],
  ])
})

test('messages of a stream are whole however it is cut', () => {
  const text = 'event: sample\ndata: [1,2]\n\n: here\n\nevent: overview\ndata: {}\n\n'
  for (let cut = 0; cut <= text.length; cut++) {
    const parse = sseParser()
    expect([...parse(text.slice(0, cut)), ...parse(text.slice(cut))]).toEqual([
      { event: 'sample', data: '[1,2]' },
      { event: 'overview', data: '{}' },
    ])
  }
})

test('a message that never ends is given up, before it takes all memory', () => {
  const parse = sseParser()
  const piece = `data: ${'x'.repeat(300_000)}`
  expect(() => Array.from({ length: 10 }, () => parse(piece))).toThrow(/no stream of events/)
})

describe('what panels and plots compute', () => {
  const part = (name: string, p50: number) => ({ part: name, inWords: name, p50, p99: 2 * p50, max: 3 * p50 })

  test('each part of the time of an envelope has its share of the usual time', () => {
    const shares = partShares([part('linger', 50), part('lane', 150), part('put', 0)])
    expect(shares.map(({ part, share }) => [part, share])).toEqual([
      ['linger', 0.25],
      ['lane', 0.75],
      ['put', 0],
    ])
  })

  test('there are no shares while nothing has come back from the cloud', () => {
    expect(partShares([part('linger', 0), part('lane', 0)])).toEqual([])
  })

  const heights = (...lines: number[]) => labelHeights(lines, { height: 18, gap: 5, bottom: 100 })

  describe('the names of the lines for target and limit', () => {
    test('are above their lines where these are apart', () => {
      expect(heights(20, 38)).toEqual([15, 33])
      expect(heights(90, 20)).toEqual([85, 15])
    })

    test('are above the upper and below the lower line where these are near, whichever comes first', () => {
      expect(heights(40, 57)).toEqual([35, 70])
      expect(heights(57, 40)).toEqual([70, 35])
    })

    test('never lie on each other, also on lines of the same height and at the bottom of the plot', () => {
      for (const [first, second] of [
        [40, 40],
        [90, 92],
        [99, 99],
        [92, 84],
      ] as const) {
        const [one, other] = heights(first, second) as [number, number]
        expect(Math.abs(one - other)).toBeGreaterThanOrEqual(18)
        expect(Math.max(one, other)).toBeLessThanOrEqual(100)
      }
    })

    test('of a single line, and of none, take no notice of others', () => {
      expect([heights(40), heights()]).toEqual([[35], []])
    })
  })
})
