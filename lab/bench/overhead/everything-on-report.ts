import { markdownTable, paragraphs, percent, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import type { Rendering } from '../bench'
import { median } from '../statistics'
import { addedShare, type OverheadCase, type OverheadFigures } from './overhead-report'

const MOST_MORE = 3

export function renderEverythingOn(figures: OverheadFigures): Rendering {
  return { markdown: markdownOf(figures), plots: [], mustHold: judgeEverythingOn(figures) }
}

export function judgeEverythingOn({ cases }: OverheadFigures): MustHold[] {
  return cases.map(({ pairs }) => {
    const middle = median(pairs.map(addedShare))
    const what = 'processor time an event that tokens, metrics, traces and the dashboard add (median of the pairs)'
    return mustHold(what, middle === null ? null : middle * 100, 'at most', MOST_MORE, '%')
  })
}

function markdownOf({ cases }: OverheadFigures): string {
  return paragraphs(
    '# Everything on, against off',
    'Processor time of the whole edge process (user and system) over events accepted. Each pair is two new processes at the same time under the same load, with a pipeline without any work in its map. ' +
      'One of them has a token for each request, `/metrics` read every 5 s, traces at the share by default to a collector, and a dashboard open; the other has none of it.',
    ...cases.map(caseText),
  )
}

function caseText({ pipeline, rate, seconds, pairs }: OverheadCase): string {
  const rows = pairs.map((pair, index) => [
    `${index + 1}`,
    pair.offUsPerEvent.toFixed(2),
    pair.onUsPerEvent.toFixed(2),
    percent(addedShare(pair), 2),
  ])
  const middle = ['median', '', '', percent(median(pairs.map(addedShare)), 2)]
  return paragraphs(
    `\`${pipeline}\` at ${whole(rate)} events/s, ${seconds} s each:`,
    markdownTable(['pair', 'off us/event', 'on us/event', 'added'], [...rows, middle]),
  ).trimEnd()
}
