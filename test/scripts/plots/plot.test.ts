import { describe, expect, test } from '@jest/globals'
import { delayPanel, ratePanel } from '../../../lab/bench/run-panels'
import { chartOption, drawSvg, type Figure, heightOf, placeOf, sharedMax } from '../../../scripts/plots/plot'
import { pointsOf, seriesOf, smoothed } from '../../../scripts/plots/series'
import { aSeries } from '../../lab/bench/bench-fixtures'

const FIGURE: Figure = {
  title: 'A spike',
  subtitle: 'one run',
  x: 'time (s)',
  panels: [ratePanel('rates', aSeries), delayPanel('delay', aSeries), ratePanel('more', aSeries)],
  columns: 2,
}

describe('a figure', () => {
  test('has axes with names and units in every panel', () => {
    const { xAxis, yAxis, grid } = chartOption(FIGURE)
    expect(grid).toHaveLength(3)
    expect(xAxis).toMatchObject([{ name: 'time (s)' }, { name: 'time (s)' }, { name: 'time (s)' }])
    expect(yAxis).toMatchObject([{ name: 'events/s' }, { name: 'ms', type: 'log' }, { name: 'events/s' }])
  })

  test('names each line once in the legend', () => {
    const { data } = chartOption(FIGURE).legend as { data: string[] }
    expect(data).toEqual(['arriving', 'folded at the edge', 'folded in the burst', 'queue delay'])
  })

  test('has no two panels in the same place, and room for all', () => {
    const places = FIGURE.panels.map((_, index) => placeOf(FIGURE, index))
    expect(new Set(places.map(({ left, top }) => `${left},${top}`)).size).toBe(3)
    for (const { top, height } of places) expect(top + height).toBeLessThan(heightOf(FIGURE))
  })

  test('is an SVG with its titles in it', () => {
    const svg = drawSvg(FIGURE)
    expect(svg).toMatch(/^<svg /)
    for (const text of ['A spike', 'one run', 'rates', 'time (s)', 'queue delay']) expect(svg).toContain(text)
  })

  test('shows nothing at all on a logarithmic axis as its lowest value', () => {
    const panel = delayPanel('delay', { ...aSeries, queueDelayMs: [0, 0, 0] })
    const { series } = chartOption({ ...FIGURE, panels: [panel] })
    expect(series).toMatchObject([
      {
        data: [
          [0, 1],
          [1, 1],
          [2, 1],
        ],
      },
    ])
  })

  test('finds a top that every panel stays under', () => {
    expect(
      sharedMax([ratePanel('a', aSeries), ratePanel('b', { ...aSeries, inRate: [0, 12_345, 0] })]),
    ).toBeGreaterThanOrEqual(12_345)
    expect(sharedMax([])).toBe(0)
  })
})

describe('a series', () => {
  test('counts from the start of the load', () => {
    const sample = {
      inRate: 1.4,
      edgeRate: 1,
      burstRate: 0,
      backlogEvents: 3,
      queueDelayMs: 7,
      doneEvents: 1,
      overTargetEvents: 0,
      openWindows: 1,
      finalWindows: 0,
    }
    const series = seriesOf([{ ...sample, atMs: 10_250, usd: 0, bursting: true, reason: '' }], 10_000)
    expect(series).toMatchObject({ seconds: [0.25], inRate: [1], bursting: [1] })
    expect(pointsOf(series, 'backlogEvents')).toEqual([[0.25, 3]])
  })

  test('is smoothed to means of stretches, at their middle', () => {
    expect(
      smoothed(
        [
          [0, 10],
          [0.2, 20],
          [0.6, 40],
        ],
        0.5,
      ),
    ).toEqual([
      [0.25, 15],
      [0.75, 40],
    ])
  })
})
