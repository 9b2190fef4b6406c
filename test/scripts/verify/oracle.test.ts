import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { count, distinct, quantile, sum } from '../../../scripts/verify/aggregate'
import type { Fields } from '../../../scripts/verify/field'
import { type Batch, Oracle, oracleWindows } from '../../../scripts/verify/oracle'
import { DEAD_LETTER, type OraclePipeline } from '../../../scripts/verify/pipeline'
import { bids, llmUsage, oraclePipeline } from '../../../scripts/verify/pipelines/named'
import { sliding, tumbling } from '../../../scripts/verify/window'

const plain: OraclePipeline = {
  name: 'plain',
  windowing: tumbling(10),
  timestamp: 't',
  timestampUnit: 'ms',
  key: 'k',
  aggregates: { n: count(), total: sum('x') },
}
const slid: OraclePipeline = { ...plain, windowing: sliding(20, 10) }

function batch(events: readonly unknown[], horizon: number | null = null): Batch {
  return { horizon, lines: events.map((event) => JSON.stringify(event)) }
}

function tallyOf(pipeline: OraclePipeline, { horizon, lines }: Batch) {
  return new Oracle(pipeline).take({ horizon, lines })
}

describe('windows and keys', () => {
  test('events fall into windows by time and into rows by key', () => {
    const events = [
      { t: 3, k: 'b', x: 1 },
      { t: 9, k: 'a', x: 2 },
      { t: 10, k: 'a', x: 4 },
      { t: 0, k: 'b', x: 8 },
    ]
    expect(oracleWindows([batch(events)], plain)).toEqual([
      {
        start: 0,
        end: 10,
        accepted: 3,
        deadLettered: 0,
        rows: [
          { key: 'a', n: 1, total: 2 },
          { key: 'b', n: 2, total: 9 },
        ],
      },
      { start: 10, end: 20, accepted: 1, deadLettered: 0, rows: [{ key: 'a', n: 1, total: 4 }] },
    ])
  })

  test('numbers and booleans are keys as JavaScript prints them, and one row with the string', () => {
    const lines = ['1', '"1"', '1.0', '-0', '1e-7', 'true', '""'].map((key) => `{"t":0,"x":1,"k":${key}}`)
    const [window] = oracleWindows([{ horizon: null, lines }], plain)
    expect(window?.rows.map(({ key, n }) => [key, n])).toEqual([
      ['', 1],
      ['0', 1],
      ['1', 3],
      ['1e-7', 1],
      ['true', 1],
    ])
  })

  test('rows are ordered by UTF-16 code units, so a surrogate pair comes before U+FFFD', () => {
    const [window] = oracleWindows([batch(['\ufffd', '😀', 'é', 'z', 'Z'].map((k) => ({ t: 0, x: 1, k })))], plain)
    expect(window?.rows.map(({ key }) => key)).toEqual(['Z', 'z', 'é', '😀', '\ufffd'])
  })

  test('keys such as __proto__ are ordinary keys', () => {
    const [window] = oracleWindows([batch(['__proto__', 'constructor'].map((k) => ({ t: 0, x: 1, k })))], plain)
    expect(window?.rows.map(({ key }) => key)).toEqual(['__proto__', 'constructor'])
  })

  test('no order and no division into batches makes a difference', () => {
    const event = fc.record({
      t: fc.integer({ min: 0, max: 40 }),
      k: fc.constantFrom('a', 'b'),
      x: fc.double({ noNaN: true, min: -1e300, max: 1e290 }),
    })
    const pipeline = { ...slid, aggregates: { ...slid.aggregates, p50: quantile('x', 0.5), d: distinct('x') } }
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const together = oracleWindows([batch(events)], pipeline)
        const apart = oracleWindows(
          events.toReversed().map((one) => batch([one])),
          pipeline,
        )
        expect(apart).toEqual(together)
      }),
    )
  })
})

describe('lateness', () => {
  const event = { t: 25, k: 'a', x: 1 }

  test('an event is late when all its windows are closed at the horizon', () => {
    expect(tallyOf(slid, batch([event], 40))).toEqual({ accepted: 0, late: 1, partlyLate: 0, rejected: 0 })
    expect(oracleWindows([batch([event], 40)], slid)).toEqual([])
  })

  test('an event is partly late when some are, and counts in the others', () => {
    expect(tallyOf(slid, batch([event], 30))).toEqual({ accepted: 1, late: 0, partlyLate: 1, rejected: 0 })
    expect(oracleWindows([batch([event], 30)], slid).map(({ start, accepted }) => [start, accepted])).toEqual([[20, 1]])
  })

  test('an event is accepted for all its windows just before the first of them closes', () => {
    expect(tallyOf(slid, batch([event], 29))).toEqual({ accepted: 1, late: 0, partlyLate: 0, rejected: 0 })
    expect(oracleWindows([batch([event], 29)], slid).map(({ start }) => start)).toEqual([10, 20])
  })

  test('each batch is judged by its own horizon', () => {
    const windows = oracleWindows([batch([event], null), batch([event], 30), batch([event], 99)], slid)
    expect(windows.map(({ start, accepted }) => [start, accepted])).toEqual([
      [10, 1],
      [20, 2],
    ])
  })
})

describe('lines that should not be there', () => {
  test.each(['', 'nonsense', '[]', 'null', '7', '{"k":"a","x":1}', '{"t":-1,"k":"a","x":1}', '{"t":1,"x":1}'])(
    '%p counts as rejected',
    (line) => {
      expect(tallyOf(plain, { horizon: null, lines: [line] })).toMatchObject({ accepted: 0, rejected: 1 })
    },
  )
})

describe('dead letters', () => {
  const mapped: OraclePipeline = {
    ...slid,
    map: (event) => {
      if (event.x === 'bad') return DEAD_LETTER
      if (event.x === 'none') return []
      return [event, { ...event, k: 'copy', x: event.second ?? 1 }]
    },
  }

  test('an event with an unreadable value is accepted, counts in no aggregate, and is counted in each window', () => {
    const windows = oracleWindows([batch([{ t: 15, k: 'a', x: 'one' }])], slid)
    expect(windows).toEqual([
      { start: 0, end: 20, accepted: 1, deadLettered: 1, rows: [] },
      { start: 10, end: 30, accepted: 1, deadLettered: 1, rows: [] },
    ])
  })

  test('with a map a key of more than 512 code units dead-letters; a longer text is a value like any other', () => {
    const long = 'x'.repeat(513)
    const pipeline = { ...plain, map: (event: Fields) => [event], aggregates: { different: distinct('x') } }
    const [window] = oracleWindows([batch([long.slice(1), long, 'a'].map((k) => ({ t: 5, k, x: long })))], pipeline)
    expect(window).toMatchObject({ accepted: 3, deadLettered: 1 })
    expect(window?.rows.map(({ key, different }) => [key.length, different])).toEqual([
      [1, 1],
      [512, 1],
    ])
  })

  test('with a map a missing key dead-letters, and so does what the map refuses', () => {
    const oracle = new Oracle(mapped)
    oracle.take(
      batch([
        { t: 15, x: 1 },
        { t: 15, k: 'a', x: 'bad' },
      ]),
    )
    expect(oracle.deadLettered).toBe(2)
  })

  test('of several results of the map, one bad one takes the others with it', () => {
    const [window] = oracleWindows([batch([{ t: 5, k: 'a', x: 1, second: 'no number' }])], mapped)
    expect(window).toMatchObject({ accepted: 1, deadLettered: 1, rows: [] })
  })

  test('accepted counts events, however many the map made of each; a filtered event is not dead-lettered', () => {
    const events = [
      { t: 5, k: 'a', x: 2 },
      { t: 5, k: 'a', x: 'none' },
    ]
    expect(oracleWindows([batch(events)], mapped).at(-1)).toEqual({
      start: 0,
      end: 20,
      accepted: 2,
      deadLettered: 0,
      rows: [
        { key: 'a', n: 1, total: 2 },
        { key: 'copy', n: 1, total: 1 },
      ],
    })
  })
})

describe('the pipelines of the repository', () => {
  test('bids multiplies each price by the rate of its auction', () => {
    const bid = { auction: 1000, bidder: 1, price: 100, dateTime: '2023-11-16T18:17:03.5Z' }
    const refused = [
      { ...bid, price: 0 },
      { ...bid, price: '9' },
      { ...bid, auction: null },
      { ...bid, bidder: null },
    ]
    expect(oracleWindows([batch([bid, { ...bid, bidder: 2, price: 300 }, ...refused])], bids)).toEqual([
      {
        start: 1700158620000,
        end: 1700158630000,
        accepted: 6,
        deadLettered: 4,
        rows: [
          {
            key: '1000',
            bids: 2,
            revenue: 100 * 1.486 + 300 * 1.486,
            low: 148.6,
            top: 445.8,
            average: (100 * 1.486 + 300 * 1.486) / 2,
            p99: 445,
            bidders: 2,
          },
        ],
      },
    ])
  })

  test('llm-usage classes requests by context and adds their cost', () => {
    const at = (ContextTokens: unknown, GeneratedTokens: unknown) => ({
      TIMESTAMP: '2023-11-16 18:17:03.9799600',
      ContextTokens,
      GeneratedTokens,
    })
    const requests = [at(999, 10), at(1000, 20), at(3999, 0), at(4000, 40), at(-1, 1), at(1, '1'), at(1, undefined)]
    const [window, ...others] = oracleWindows([batch(requests)], llmUsage)
    expect(others).toEqual([])
    expect(window).toMatchObject({ start: 1700158620000, end: 1700158680000, accepted: 7, deadLettered: 3 })
    expect(window?.rows).toEqual([
      {
        key: 'large',
        requests: 1,
        contextTokens: 4000,
        generatedTokens: 40,
        p99Context: 4008,
        p99Generated: 40.125,
        cost: (4120 * 1.049) / 1e6,
      },
      {
        key: 'medium',
        requests: 2,
        contextTokens: 4999,
        generatedTokens: 20,
        p99Context: 3992,
        p99Generated: 20.0625,
        cost: (1060 * 1.4689999999999999) / 1e6 + (3999 * 1.4689999999999999) / 1e6,
      },
      {
        key: 'small',
        requests: 1,
        contextTokens: 999,
        generatedTokens: 10,
        p99Context: 998,
        p99Generated: 10.03125,
        cost: (1029 * 0.549) / 1e6,
      },
    ])
  })

  test('a pipeline that the oracle does not know is named, with those it knows', () => {
    expect(() => oraclePipeline('other')).toThrow(/"other" \(known: bids, burn, hot, llm-usage\)/)
  })
})
