import { describe, expect, test } from '@jest/globals'
import { count } from '../../core/aggregates/count'
import { max } from '../../core/aggregates/extreme'
import { mean } from '../../core/aggregates/mean'
import { sum } from '../../core/aggregates/sum'
import { type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import { sliding, tumbling } from '../../core/pipeline/window'
import { testNodes } from '../support/fixture'
import { ManualClock } from '../support/manual-clock'
import { line, NEW_YEAR_MS, plainPipeline, send } from './whole-nodes'

const { start } = testNodes()

test('times without a zone are UTC, as files of sensors have them', async () => {
  const sensors = pipeline<Record<string, unknown>>({
    name: 'sensors',
    key: 'sensor',
    timestamp: 'timestamp',
    window: tumbling('6h'),
    aggregates: { n: count(), s: sum('value'), top: max('value') },
  }) as unknown as Pipeline
  const rows = [
    ['2015-07-28 11:56:00', 'travel', 248],
    ['2015-07-28 11:59:59.999', 'travel', 178],
    ['2015-07-28 12:00:00', 'travel', 155],
    ['2015-07-28 13:56:00', 'machine', 73.967322098],
    ['2015-07-28 13:56:00', 'machine', 74.935881999],
    ['2015-07-29 00:00:00', 'travel', 1],
  ] as const
  const node = await start({ pipeline: sensors })
  await send(
    node,
    'never',
    rows.map(([timestamp, sensor, value]) => JSON.stringify({ timestamp, sensor, value })),
  )
  expect((await node.windows(2)).map(({ start, rows }) => [new Date(start).toISOString(), rows])).toEqual([
    ['2015-07-28T06:00:00.000Z', [{ key: 'travel', n: 2, s: 426, top: 248 }]],
    [
      '2015-07-28T12:00:00.000Z',
      [
        { key: 'machine', n: 2, s: 148.903204097, top: 74.935881999 },
        { key: 'travel', n: 1, s: 155, top: 155 },
      ],
    ],
  ])
})

test('dates of another form are read by a function, and an unsorted file is in time with enough lateness', async () => {
  const flights = pipeline<Record<string, unknown>>({
    name: 'flights',
    key: 'origin',
    timestamp: (flight) => `${String(flight.date).replaceAll('/', '-')}:00`,
    window: tumbling('1d'),
    outOfOrderness: '2d',
    allowedLateness: '100d',
    aggregates: { n: count(), delay: sum('delay'), average: mean('delay') },
  }) as unknown as Pipeline
  const rows = [
    ['2001/01/31 16:40', 'FLL', -5],
    ['2001/01/13 14:56', 'SAN', 32],
    ['2001/03/30 21:45', 'FLL', -2],
    ['2001/01/13 00:00', 'SAN', -15],
    ['2001/01/13 23:59', 'MSY', 0],
  ] as const
  const body = rows.map(([date, origin, delay]) => ({ date, origin, delay, distance: 418 }))
  const node = await start({ pipeline: flights })
  const answer = await node.post(JSON.stringify(body, null, 1))
  expect(answer.json()).toMatchObject({ accepted: 5, late: 0, rejected: [] })
  await send(node, 'never', [JSON.stringify({ date: '2001/12/31 00:00', origin: 'closer', delay: 0 })])
  expect((await node.windows(3)).map(({ start, rows }) => [new Date(start).toISOString().slice(0, 10), rows])).toEqual([
    [
      '2001-01-13',
      [
        { key: 'MSY', n: 1, delay: 0, average: 0 },
        { key: 'SAN', n: 2, delay: 17, average: 8.5 },
      ],
    ],
    ['2001-01-31', [{ key: 'FLL', n: 1, delay: -5, average: -5 }]],
    ['2001-03-30', [{ key: 'FLL', n: 1, delay: -2, average: -2 }]],
  ])
})

describe('odd windows', () => {
  const { start } = testNodes()

  /** Each `[start, start + size)` with a start at a multiple of the slide that has timestamps, tried one by one. */
  function windowsByHand(timestamps: readonly number[], sizeMs: number, slideMs: number) {
    const windows = new Map<number, number[]>()
    for (const t of timestamps) {
      for (let number = Math.floor((t - sizeMs) / slideMs) - 1; number * slideMs <= t; number++) {
        const startMs = number * slideMs
        if (startMs <= t && t < startMs + sizeMs) windows.set(startMs, [...(windows.get(startMs) ?? []), t])
      }
    }
    return [...windows].sort(([a], [b]) => a - b)
  }

  /** Start, length, and what the one key came to: its count, sum, and ends. */
  const expected = (timestamps: readonly number[], sizeMs: number, slideMs: number) =>
    windowsByHand(timestamps, sizeMs, slideMs).map(([startMs, ts]) => {
      const sum = ts.reduce((total, t) => total + t, 0)
      return [startMs, sizeMs, ts.length, sum, Math.min(...ts), Math.max(...ts)]
    })

  type Windows = Awaited<ReturnType<Awaited<ReturnType<typeof start>>['windows']>>
  const served = (windows: Windows) =>
    windows.map(({ start, end, rows: [row] }) => [start, end - start, row!.n, row!.s, row!.lo, row!.hi])

  describe('an event is in each of its windows, whatever they are', () => {
    test('such as those that begin before 1970, of a size that the slide does not divide', async () => {
      const node = await start({ pipeline: plainPipeline(sliding('10s', '3s')) })
      const timestamps = [0, 1, 999, 2_999, 3_000, 8_999, 9_000, 9_999, 10_000, 12_345]
      await send(
        node,
        'never',
        timestamps.map((t) => line('a', t, t)),
      )
      await send(node, 'never', [line('closer', timestamps.at(-1)! + 60_000)])
      const wanted = expected(timestamps, 10_000, 3_000)
      expect(wanted.map(([startMs]) => startMs)).toEqual([-9_000, -6_000, -3_000, 0, 3_000, 6_000, 9_000, 12_000])
      expect(served(await node.windows(8))).toEqual(wanted)
      expect((await node.windows(2, 'from=-9000&to=4000')).map(({ start }) => start)).toEqual([-9_000, -6_000])
    })

    test('such as 1,600 ms every 700 ms, half at the edge and half burst', async () => {
      const fromMs = 1_709_315_512_577
      const first = Math.floor(fromMs / 700)
      const edges = Array.from({ length: 6 }, (_, n) => (first + n) * 700).flatMap((t) => [
        t - 1,
        t,
        t + 1_599,
        t + 1_600,
      ])
      const timestamps = [...edges, ...Array.from({ length: 60 }, (_, n) => fromMs + ((n * 977) % 5_000))].sort(
        (a, b) => a - b,
      )
      const node = await start({ pipeline: plainPipeline(sliding('1600ms', '700ms')) })
      const parts = [0, 14, 28, 42, 56, 70].map((n) => timestamps.slice(n, n + 14).map((t) => line('a', t, t)))
      for (const [n, part] of parts.entries()) await send(node, n % 2 === 0 ? 'never' : 'always', part)
      await send(node, 'never', [line('closer', timestamps.at(-1)! + 60_000)])
      const wanted = expected(timestamps, 1_600, 700)
      const windows = await node.windows(wanted.length)
      expect(served(windows)).toEqual(wanted)
      expect(windows.some(({ burst }) => burst > 0)).toBe(true)
    })
  })

  test('an event at the watermark is in time while its window is open; one at the end of a window closes it', async () => {
    const node = await start({ pipeline: plainPipeline() })
    const answers: [number, number, number][] = []
    for (const seconds of [5, 5, 9.999, 0, 10, 9.999, 10, 19.999, 10, 20, 19.999, 20]) {
      const { accepted, late } = (await node.post(line('a', NEW_YEAR_MS + seconds * 1_000))).json()
      answers.push([seconds, accepted, late])
    }
    const inTime = (seconds: number) => [seconds, 1, 0]
    const late = (seconds: number) => [seconds, 0, 1]
    expect(answers).toEqual([
      ...[5, 5, 9.999, 0, 10].map(inTime),
      late(9.999),
      ...[10, 19.999, 10, 20].map(inTime),
      late(19.999),
      inTime(20),
    ])
    expect((await node.windows(2)).map(({ start, accepted }) => [start - NEW_YEAR_MS, accepted])).toEqual([
      [0, 4],
      [10_000, 4],
    ])
  })

  test('one producer whose clock is fast makes nothing late that the others send', async () => {
    const clock = new ManualClock(3_600_000)
    const node = await start({ clock, pipeline: plainPipeline() })
    const now = () => clock.epochMs()
    const first = await node.post([line('honest', now()), line('fast', now() + 50_000)].join('\n'))
    expect(first.json()).toMatchObject({ accepted: 2 })
    for (let second = 0; second < 20; second++) {
      await clock.pass(1_000)
      const { accepted, late } = (await node.post(line('honest', now()))).json()
      expect([second, accepted, late]).toEqual([second, 1, 0])
    }
  })

  test('the last window of a stream that falls silent comes out once, and what comes for it then is late', async () => {
    const clock = new ManualClock(86_400_000 * 400)
    const node = await start({ clock, pipeline: plainPipeline(), config: { idleTimeoutMs: 1_500 } })
    const events = Array.from({ length: 25 }, (_, n) => line(`k${n % 5}`, NEW_YEAR_MS + n * 1_000))
    for (const event of events) await node.post(event)
    await clock.pass(2_000)
    const accepted = async () => (await node.windows(3)).map(({ start, accepted }) => [start - NEW_YEAR_MS, accepted])
    const expectedCounts = [
      [0, 10],
      [10_000, 10],
      [20_000, 5],
    ]
    expect(await accepted()).toEqual(expectedCounts)
    await clock.pass(10_000)
    expect((await node.post(line('k0', NEW_YEAR_MS + 24_999))).json()).toMatchObject({ accepted: 0, late: 1 })
    expect(await accepted()).toEqual(expectedCounts)
  })
})
