import { expect, test } from '@jest/globals'
import { count } from '../../core/aggregates/count'
import { max } from '../../core/aggregates/extreme'
import { mean } from '../../core/aggregates/mean'
import { sum } from '../../core/aggregates/sum'
import { type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'
import { testNodes } from '../support/fixture'
import { send } from './whole-nodes'

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
