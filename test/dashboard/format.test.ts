import { describe, expect, test } from '@jest/globals'
import { bytes, cell, count, duration, eventRate, percent, rate, usd, words } from '../../dashboard/src/format'
import { balances, reasonsOf } from '../../dashboard/src/panels/figures'
import { runs } from '../../dashboard/src/plots/geometry'
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
