import { describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { count, distinct, max, mean, pipeline, quantile, sliding, sum, tumbling } from 'spillway'
import { PipelineTestError, run } from 'spillway/testing'

jest.setTimeout(30_000) // a hundred splits take a busy machine its time

interface Click {
  readonly page: string
  readonly at: number
  readonly ms: number
}

const T0 = Date.UTC(2023, 0, 1)
const click = (page: string, seconds: number, ms = 1): Click => ({ page, at: T0 + seconds * 1_000, ms })

const clicks = pipeline<Click>()({
  name: 'clicks',
  key: 'page',
  timestamp: 'at',
  window: tumbling('10s'),
  outOfOrderness: 0,
  aggregates: { clicks: count(), total: sum('ms'), slowest: max('ms'), usual: mean('ms') },
})

describe('a run', () => {
  test('gives each window with its typed rows', async () => {
    const { windows } = await run(clicks, [click('/a', 1, 2), click('/b', 2, 5), click('/a', 3, 4), click('/a', 11)])
    const total: number = windows[0]!.rows[0]!.total
    expect(total).toBe(6)
    expect(windows).toEqual([
      {
        start: T0,
        end: T0 + 10_000,
        rows: [
          { key: '/a', clicks: 2, total: 6, slowest: 4, usual: 3 },
          { key: '/b', clicks: 1, total: 5, slowest: 5, usual: 5 },
        ],
      },
      { start: T0 + 10_000, end: T0 + 20_000, rows: [{ key: '/a', clicks: 1, total: 1, slowest: 1, usual: 1 }] },
    ])
  })

  test('takes lines of JSON as well, in one text or one by one', async () => {
    const events = [click('/a', 1), click('/b', 2)]
    const lines = events.map((event) => JSON.stringify(event))
    const expected = (await run(clicks, events)).windows
    expect((await run(clicks, lines)).windows).toEqual(expected)
    expect((await run(clicks, `${lines.join('\n\n')}\n`)).windows).toEqual(expected)
  })

  test('says of each event that is refused which one it is, and why', async () => {
    const { rejected, windows } = await run(clicks, ['nonsense', click('/a', 1), '{"page": "/a"}', '{"at": 1e12}'])
    expect(rejected.map(({ index, event, code }) => [index, event, code])).toEqual([
      [0, 'nonsense', 'invalid_json'],
      [2, '{"page": "/a"}', 'missing_timestamp'],
      [3, '{"at": 1e12}', 'missing_key'],
    ])
    expect(windows).toHaveLength(1)
  })

  test('says which events came too late, for all of their windows or for some', async () => {
    const hops = pipeline<Click>()({
      name: 'hops',
      key: 'page',
      timestamp: 'at',
      window: sliding('20s', '10s'),
      outOfOrderness: 0,
      aggregates: { clicks: count() },
    })
    const given = [click('/a', 5), click('/a', 31), click('/b', 5), click('/b', 15), click('/b', 25)]
    const { late, windows } = await run(hops, given)
    expect(late).toEqual([
      { index: 2, event: given[2], partly: false },
      { index: 3, event: given[3], partly: false },
      { index: 4, event: given[4], partly: true },
    ])
    expect(windows.map(({ end, rows }) => [(end - T0) / 1_000, rows.map(({ key }) => key)])).toEqual([
      [10, ['/a']],
      [20, ['/a']],
      [40, ['/a', '/b']],
      [50, ['/a']],
    ])
  })

  test('judges events that come in one batch against the windows as they were before it', async () => {
    const given = [click('/a', 1), click('/a', 31), click('/b', 5)]
    expect((await run(clicks, given)).late).toHaveLength(1)
    expect((await run(clicks, given, { batch: 3 })).late).toEqual([])
  })

  test('with a clock, rejects what is further ahead than a minute, and lets windows wait for it', async () => {
    const given = [click('/a', 1), click('/a', 50), click('/a', 2), click('/a', 80)]
    const { rejected, late } = await run(clicks, given, { now: T0 + 5_000 })
    expect(rejected.map(({ index, code }) => [index, code])).toEqual([[3, 'timestamp_in_future']])
    expect(late).toEqual([])
    expect((await run(clicks, given)).late).toHaveLength(1)
  })

  test('says which events died in map or in an aggregate, and why', async () => {
    const strict = pipeline({
      name: 'strict',
      key: 'page',
      timestamp: 'at',
      map: (event: Click) => {
        if (event.ms < 0) throw new Error('time runs backwards')
        return event
      },
      window: tumbling('10s'),
      aggregates: { total: sum('ms') },
    })
    const given = [click('/a', 1), click('/a', 2, -1), { ...click('/a', 3), ms: 'soon' }]
    const { deadLetters, windows } = await run(strict, given)
    expect(deadLetters).toEqual([
      { index: 1, event: given[1], code: 'map_failed', message: 'map failed: time runs backwards' },
      { index: 2, event: given[2], code: 'not_a_number', message: expect.stringContaining('"ms"') },
    ])
    expect(windows[0]!.rows).toEqual([{ key: '/a', total: 1 }])
  })

  test('ends a map that hangs after its time', async () => {
    const hanging = pipeline({
      name: 'hanging',
      key: 'page',
      timestamp: 'at',
      map: (_: Click) => new Promise<Click>(() => undefined),
      mapTimeout: 20,
      window: tumbling('10s'),
      aggregates: { clicks: count() },
    })
    expect((await run(hanging, [click('/a', 1)])).deadLetters.map(({ code }) => code)).toEqual(['map_timeout'])
  })

  test('counts each accepted event in its window, whatever the batches', async () => {
    const given = fc.array(
      fc.record({
        page: fc.constantFrom('/a', '/b'),
        at: fc.integer({ min: T0, max: T0 + 50_000 }),
        ms: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(given, fc.integer({ min: 1, max: 10 }), async (events, batch) => {
        const { windows, late } = await run(clicks, events, { batch })
        const missed = new Set(late.map(({ index }) => index))
        const counts = new Map<string, number>()
        for (const [index, { page, at }] of events.entries()) {
          if (missed.has(index)) continue
          const name = `${at - (at % 10_000)} ${page}`
          counts.set(name, (counts.get(name) ?? 0) + 1)
        }
        const found = windows.flatMap(({ start, rows }) =>
          rows.map((row) => [`${start} ${row.key}`, row.clicks] as const),
        )
        expect(new Map(found)).toEqual(counts)
      }),
    )
  })

  test('refuses a batch that is none', async () => {
    await expect(run(clicks, [], { batch: 0 })).rejects.toThrow(PipelineTestError)
  })

  test('refuses a result that would not arrive as JSON', async () => {
    const dated = pipeline<Click>()({
      name: 'dated',
      key: 'page',
      timestamp: 'at',
      window: tumbling('10s'),
      aggregates: { n: { ...count(), present: () => new Date(0) } },
    })
    await expect(run(dated, [click('/a', 1)])).rejects.toMatchObject({ code: 'not_json' })
  })
})

describe("a run with split: 'every way'", () => {
  const everyWay = { split: 'every way' } as const

  test('passes what comes with Spillway, also with an async map and windows that overlap', async () => {
    const all = pipeline({
      name: 'all',
      key: 'page',
      timestamp: 'at',
      map: async (event: Click) => (event.ms > 90 ? undefined : [event, { ...event, page: 'all' }]),
      window: sliding('20s', '10s'),
      aggregates: { n: count(), total: sum('ms'), usual: mean('ms'), p50: quantile('ms', 0.5), ways: distinct('ms') },
    })
    const given = Array.from({ length: 18 }, (_, index) => click(`/${index % 3}`, index * 2, (index * 7.3) % 100))
    const { windows } = await run(all, given, everyWay)
    expect(windows).toEqual((await run(all, given)).windows)
  })

  test('takes a window of thousands of events', async () => {
    const given = Array.from({ length: 2_000 }, (_, index) => click(`/${index % 7}`, index / 400, index / 3))
    const { windows } = await run(clicks, given, everyWay)
    expect(windows).toHaveLength(1)
  })

  /** The usual mistake: numbers added as they come. */
  const inexact = {
    ...sum('ms'),
    signature: 'inexact("ms")',
    zero: () => [0],
    add: ([sum = 0]: number[], value: number) => [sum + value],
    merge: ([a = 0]: number[], [b = 0]: number[]) => [a + b],
    present: ([sum = 0]: number[]) => sum,
    encode: (state: number[]) => state,
    decode: (json: unknown) => json as number[],
  }
  const withAggregate = (total: typeof inexact) =>
    pipeline<Click>()({ name: 'own', key: 'page', timestamp: 'at', window: tumbling('10s'), aggregates: { total } })

  test('finds a sum that is rounded as it goes, and names window, key, aggregate, split and both values', async () => {
    const given = [0.1, 0.2, 0.3].map((ms, index) => click('/a', index, ms))
    const { message, code } = await run(withAggregate(inexact), given, everyWay).catch((error) => error)
    expect(code).toBe('split_differs')
    expect(message).toContain('window 2023-01-01T00:00:00.000Z to 2023-01-01T00:00:10.000Z, key "/a", aggregate total:')
    expect(message).toContain('0.6000000000000001 as it was folded at first, 0.6 when split as (2,1,0)')
  })

  test('finds a state that loses something on the wire', async () => {
    const lossy = { ...inexact, encode: ([sum = 0]: number[]) => [Math.round(sum)] }
    const found = run(withAggregate(lossy), [click('/a', 1, 1.5)], everyWay)
    await expect(found).rejects.toThrow('1.5 as it was folded at first, 2 when split as [0]')
  })

  test('finds a map that gives something else each time, and one that fails now and then', async () => {
    const counting = (map: (event: Click, call: number) => Click) => {
      let calls = 0
      const aggregates = { total: sum('ms') }
      const options = { name: 'odd', key: 'page', timestamp: 'at', window: tumbling('10s'), aggregates }
      return pipeline({ ...options, map: (event: Click) => map(event, calls++) })
    }
    const restless = counting((event, call) => ({ ...event, ms: call }))
    await expect(run(restless, [click('/a', 1)], everyWay)).rejects.toThrow('folded once more')
    const failing = counting((event, call) => {
      if (call > 2) throw new Error('no more')
      return event
    })
    const found = run(failing, [click('/a', 1), click('/b', 1)], everyWay)
    await expect(found).rejects.toThrow('event 1')
  })
})
