import { type MustHold, mustHold } from '../bench/must-hold'
import type { ComparedFigure, Comparison } from '../simulate/live'

/** How far a prediction may be from what was measured: over it, from `least` to `most`; or as a share more than it. */
type Bound =
  | { readonly kind: 'ratio'; readonly least: number; readonly most: number }
  | { readonly kind: 'more'; readonly most: number }

/**
 * Counts hardly depend on the machine. Delays do: cloud, node and load share its cores, and whatever else runs on it makes
 * everything later but nothing sooner. So the model may say far less than was measured, and is grossly wrong when it
 * says more.
 */
const BOUNDS: Readonly<Record<ComparedFigure, Bound>> = {
  events: { kind: 'ratio', least: 0.99, most: 1.01 },
  'burst share': { kind: 'ratio', least: 0.7, most: 1.4 }, // a node that is held for a second bursts by fits and starts
  'burst $': { kind: 'ratio', least: 0.4, most: 2 }, // calls and writes follow the envelopes; functions are billed by time
  'p50 ms': { kind: 'ratio', least: 0.05, most: 2 },
  'p99 ms': { kind: 'ratio', least: 0.05, most: 2 },
  'over target': { kind: 'more', most: 0.05 },
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
