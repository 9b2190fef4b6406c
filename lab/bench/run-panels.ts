import { COLOURS, type Panel } from '../../scripts/plots/plot'
import { pointsOf, type Series, smoothed } from '../../scripts/plots/series'

const RATE_STEP_S = 0.5 // looks are closer together than windows of events: without a mean, rates are a fence

/** What arrives, and where it is processed. */
export function ratePanel(title: string, series: Series): Panel {
  const rate = (column: 'inRate' | 'edgeRate' | 'burstRate') => smoothed(pointsOf(series, column), RATE_STEP_S)
  return {
    title,
    y: 'events/s',
    lines: [
      { name: 'arriving', colour: COLOURS.arriving, style: 'dashed', points: rate('inRate') },
      { name: 'folded at the edge', colour: COLOURS.edge, points: rate('edgeRate') },
      { name: 'folded in the burst', colour: COLOURS.burst, points: rate('burstRate') },
    ],
  }
}

/** The same, with the capacity of the edge as a line across. */
export function ratePanelUnder(capacity: number, title: string, series: Series): Panel {
  const rates = ratePanel(title, series)
  const end = series.seconds.at(-1) ?? 0
  const points = [
    [0, capacity],
    [end, capacity],
  ] as const
  return { ...rates, lines: [...rates.lines, { name: 'capacity', colour: COLOURS.limit, style: 'dotted', points }] }
}

export function backlogPanel(title: string, series: Series): Panel {
  const points = pointsOf(series, 'backlogEvents')
  return { title, y: 'events', lines: [{ name: 'backlog', colour: COLOURS.backlog, isArea: true, points }] }
}

/** Logarithmic: what a burst leaves is a hundredth of what back-pressure piles up. */
export function delayPanel(title: string, series: Series): Panel {
  const points = pointsOf(series, 'queueDelayMs')
  return { title, y: 'ms', isLog: true, lines: [{ name: 'queue delay', colour: COLOURS.delay, points }] }
}
