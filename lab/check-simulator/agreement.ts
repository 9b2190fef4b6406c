import { type MustHold, mustHold } from '../../scripts/command-line/must-hold'
import type { ComparedFigure, Comparison } from '../../scripts/simulate/live'

/** How far a prediction may be from what was measured: over it, from `least` to `most`; or as a share more than it. */
type Bound =
  | { readonly kind: 'ratio'; readonly least: number; readonly most: number }
  | { readonly kind: 'more'; readonly most: number }

/**
 * Counts hardly depend on the machine. Delays do: cloud, node and load share its cores, and whatever else runs on it makes
 * everything later but nothing sooner. So the model may say far less than was measured, and is wrong when it says more than
 * the fifth that is promised of it. What an event that bursts costs follows from the sizes of envelopes and items; on a busy
 * machine envelopes are smaller, and so dearer. The median lies between two ways, where a little more on one side moves it far.
 */
const BOUNDS: Readonly<Record<ComparedFigure, Bound>> = {
  events: { kind: 'ratio', least: 0.99, most: 1.01 },
  'burst share': { kind: 'ratio', least: 0.7, most: 1.4 }, // a node that is held for a second bursts by fits and starts
  'burst $': { kind: 'ratio', least: 0.4, most: 1.7 }, // that share, times what an event costs
  'burst $ a million': { kind: 'ratio', least: 0.6, most: 1.2 },
  'p50 ms': { kind: 'ratio', least: 0.05, most: 1.5 },
  'p99 ms': { kind: 'ratio', least: 0.05, most: 1.2 },
  'over target': { kind: 'more', most: 0.02 },
}

/** What has to hold between the simulator and a run for the simulator to be believed; `way` names the run. */
export const agreement = (way: string, comparisons: readonly Comparison[]): MustHold[] =>
  comparisons.flatMap((comparison) => within(way, comparison))

function within(way: string, { figure, predicted, measured, ratio }: Comparison): MustHold[] {
  const bound = BOUNDS[figure]
  const what = `${way}: ${figure}, predicted`
  switch (bound.kind) {
    case 'ratio':
      return [
        mustHold(`${what} over measured`, ratio, 'at least', bound.least, ''),
        mustHold(`${what} over measured`, ratio, 'at most', bound.most, ''),
      ]
    case 'more':
      return [mustHold(`${what} less measured`, (predicted - measured) * 100, 'at most', bound.most * 100, '%')]
  }
}
