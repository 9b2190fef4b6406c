import { by, counter, gauge, histogram, type Metric } from './family'
import type { Observed } from './observed'

/** Are results final in time. */
export const WINDOW_METRICS: readonly Metric<Observed>[] = [
  gauge(
    'spillway_windows',
    'Windows that are not final: open ones take events, closing ones wait for envelopes, finalizing ones are being merged.',
    ({ status: { windows } }) =>
      by('state', { open: windows.open, closing: windows.closing, finalizing: windows.finalizing }),
  ),
  counter(
    'spillway_windows_final_total',
    'Final windows, with those that were final before this process started.',
    ({ status }) => status.windows.final,
  ),
  counter(
    'spillway_windows_final_with_burst_total',
    'Final windows of which a part was folded in the burst.',
    ({ status }) => status.windows.withBurst,
  ),
  gauge('spillway_windows_kept', 'Final windows that retention has left.', ({ status }) => status.windows.kept),
  gauge(
    'spillway_results_damaged',
    'Final windows whose rows turned out to be lost when somebody asked for them.',
    ({ status }) => status.windows.damaged,
  ),
  histogram(
    'spillway_window_latency_seconds',
    'From the closing of a window until it is final.',
    ({ durations }) => durations.windowLatency,
  ),
  gauge(
    'spillway_watermark_timestamp_seconds',
    'The watermark, event time; absent before the first event.',
    ({ status }) => seconds(status.watermark),
  ),
  gauge(
    'spillway_horizon_timestamp_seconds',
    'The closed horizon, event time: windows that end at or before it take no more events. Absent before the first closing.',
    ({ status }) => seconds(status.horizon),
  ),
  gauge('spillway_groups', 'Keys held over all open panes at the edge.', ({ status }) => status.edge.groups),
  gauge('spillway_groups_limit', 'Keys held above which requests are refused.', ({ limits }) => limits.maxGroups),
]

const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
