import { BURST_METRICS, BURST_PART_METRICS } from './metrics/bursting'
import { EVENT_METRICS, PACE_METRICS } from './metrics/events'
import type { Metric } from './metrics/family'
import { MACHINE_METRICS } from './metrics/machine'
import type { Observed } from './metrics/observed'
import { COST_METRICS } from './metrics/spending'
import { WINDOW_METRICS } from './metrics/windows'

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
