import { BURST_METRICS, BURST_PART_METRICS } from './bursting'
import { EVENT_METRICS, PACE_METRICS } from './events'
import type { Metric } from './family'
import { MACHINE_METRICS } from './machine'
import type { Observed } from './observed'
import { COST_METRICS } from './spending'
import { WINDOW_METRICS } from './windows'

/**
 * Every metric of the node itself, by the question that it answers. Those of the process come with them, by their usual
 * names.
 */
export const METRIC_TOPICS: Readonly<Record<string, readonly Metric<Observed>[]>> = {
  'Is it keeping up?': [...EVENT_METRICS, ...PACE_METRICS],
  'Are results final in time?': WINDOW_METRICS,
  'Is it bursting?': [...BURST_METRICS, ...BURST_PART_METRICS],
  'What does it cost?': COST_METRICS,
  'Is anything wrong?': MACHINE_METRICS,
}

/** The same in one list. */
export const METRICS: readonly Metric<Observed>[] = Object.values(METRIC_TOPICS).flat()
