import { OWN_VERSION } from '../../../program/own-process'
import type { Status } from '../status'
import { counter, gauge, histogram, type Metric } from './family'
import type { Observed } from './observed'

/** What runs. */
export const BUILD_INFO: Metric<{ readonly status: Pick<Status, 'pipeline' | 'version'> }> = gauge(
  'spillway_build_info',
  'Always 1; the labels say what runs.',
  ({ status: { pipeline, version } }) => [
    { labels: { version: OWN_VERSION, pipeline, pipeline_version: version }, value: 1 },
  ],
)

/** Is anything wrong with the node and its disk. */
export const MACHINE_METRICS: readonly Metric<Observed>[] = [
  gauge('spillway_ready', '1 while events can be accepted.', ({ status }) => (status.ready ? 1 : 0)),
  gauge('spillway_log_healthy', '1 while the log can be written.', ({ disk }) => (disk.logHealthy ? 1 : 0)),
  histogram(
    'spillway_log_flush_seconds',
    'A flush of the log, from the first try until the disk has it.',
    ({ durations }) => durations.logFlush,
  ),
  gauge(
    'spillway_checkpoint_age_seconds',
    'Time since the last checkpoint, or the start. An idle node writes none.',
    ({ disk }) => disk.checkpointAgeMs / 1000,
  ),
  counter(
    'spillway_checkpoint_failures_total',
    'Checkpoints that could not be written.',
    ({ disk }) => disk.checkpointsFailed,
  ),
  gauge(
    'spillway_checkpoint_held_seconds',
    'Time of the thread that takes events that the newest checkpoint took in whole.',
    ({ status: { checkpoint } }) => checkpoint.heldMs / 1000,
  ),
  gauge(
    'spillway_checkpoint_longest_hold_seconds',
    'Longest time for which it held that thread at once.',
    ({ status: { checkpoint } }) => checkpoint.longestHoldMs / 1000,
  ),
  gauge('spillway_checkpoint_bytes', 'Size of the newest checkpoint.', ({ status }) => status.checkpoint.bytes),
  gauge('spillway_result_bytes', 'Size of the results that are kept.', ({ status }) => status.retention.resultBytes),
  gauge(
    'spillway_result_bytes_limit',
    'Size above which the oldest results are taken away.',
    ({ status }) => status.retention.bytes,
  ),
  gauge(
    'spillway_disk_free_bytes',
    'Room on the disk of the data directory; absent while it does not answer.',
    ({ disk }) => disk.freeBytes,
  ),
  gauge(
    'spillway_disk_reserved_bytes',
    'Room below which nothing is accepted.',
    ({ limits }) => limits.reservedDiskBytes,
  ),
  gauge('spillway_workers', 'Envelopes that the edge folds side by side.', ({ limits }) => limits.workers),
  BUILD_INFO,
]
