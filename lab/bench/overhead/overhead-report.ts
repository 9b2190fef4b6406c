import { markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import { COLOURS, drawSvg, type Figure } from '../../../scripts/plots/plot'
import type { Rendering } from '../bench'
import { largest, median, smallest } from '../statistics'

const MOST_MORE = 3

export function renderOverhead(figures: OverheadFigures): Rendering {
  return {
    markdown: markdownOf(figures),
    plots: [{ name: 'pairs', svg: drawSvg(overheadFigure(figures)) }],
    mustHold: judgeOverhead(figures),
  }
}

/** What the controller adds, as a share of the cost without it. */
export const addedShare = ({ onUsPerEvent, offUsPerEvent }: OverheadPair): number => onUsPerEvent / offUsPerEvent - 1

export function judgeOverhead({ cases }: OverheadFigures): MustHold[] {
  return cases.map(({ pipeline, pairs }) => {
    const middle = median(pairs.map(addedShare))
    const what = `${pipeline}: processor time an event that the controller adds (median of the pairs)`
    return mustHold(what, middle === null ? null : middle * 100, 'at most', MOST_MORE, '%')
  })
}

function markdownOf({ cases }: OverheadFigures): string {
  const rows = cases.map(caseRow)
  const header = [
    'pipeline',
    'events/s',
    'pairs',
    'off us/event',
    'on us/event',
    'added, median',
    'added, least',
    'added, most',
  ]
  return paragraphs(
    '# Overhead: the controller on, against off, under capacity',
    'Processor time of the whole edge process (user and system) over events accepted. One process under a steady load; within a pair its mode changes between `auto` and `never` every second, ' +
      'and who goes first changes too. In `never` nothing is decided, but what the status shows is still read. `bids` runs at 60 % of its capacity; `burn` without any work in its map, at a rate that the load can send beside it.',
    markdownTable(header, rows),
  )
}

function caseRow({ pipeline, rate, seconds, pairs }: OverheadCase): string[] {
  const added = pairs.map(addedShare)
  const us = (value: (pair: OverheadPair) => number) => (median(pairs.map(value)) ?? Number.NaN).toFixed(2)
  return [
    pipeline,
    whole(rate),
    `${pairs.length} of ${seconds} s in each mode`,
    us(({ offUsPerEvent }) => offUsPerEvent),
    us(({ onUsPerEvent }) => onUsPerEvent),
    ...[median(added), smallest(added), largest(added)].map((share) => percent(share, 2)),
  ]
}

export function overheadFigure({ cases }: OverheadFigures): Figure {
  const line = (pairs: readonly OverheadPair[], value: (pair: OverheadPair) => number) =>
    pairs.map((pair, index) => [index + 1, value(pair)] as const)
  return {
    title: 'Processor time an event, with and without the controller',
    subtitle: 'the same process under a steady load, switched every second',
    x: 'pair',
    xMax: 1 + (largest(cases.map(({ pairs }) => pairs.length)) ?? 0),
    columns: Math.max(1, cases.length),
    panelHeight: 260,
    panels: cases.map(({ pipeline, rate, pairs }) => ({
      title: `${pipeline}, ${whole(rate)} events/s`,
      y: 'us an event',
      lines: [
        {
          name: 'controller off',
          colour: COLOURS.edge,
          hasDots: true,
          style: 'dashed',
          points: line(pairs, ({ offUsPerEvent }) => offUsPerEvent),
        },
        {
          name: 'controller on',
          colour: COLOURS.burst,
          hasDots: true,
          points: line(pairs, ({ onUsPerEvent }) => onUsPerEvent),
        },
      ],
    })),
  }
}

/** One stretch of steady load with bursting in mode auto, and one without a controller's say, one after the other. */
export interface OverheadPair {
  readonly onUsPerEvent: number
  readonly offUsPerEvent: number
}

export interface OverheadCase {
  readonly pipeline: string
  /** Events/s that were sent, and over the capacity; null where that is not known. */
  readonly rate: number
  readonly share: number | null
  readonly seconds: number
  readonly pairs: readonly OverheadPair[]
}

export interface OverheadFigures {
  readonly cases: readonly OverheadCase[]
}
