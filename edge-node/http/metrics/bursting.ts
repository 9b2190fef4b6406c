import { BURST_PARTS } from '../../observe/burst-parts'
import { counter, gauge, histogram, histograms, type Metric, oneOf } from './family'
import type { Observed, ObservedDecisions } from './observed'

/** Is it bursting, and does the cloud do its part. */
export const BURST_METRICS: readonly Metric<ObservedDecisions>[] = [
  gauge('spillway_bursting', '1 while the controller bursts, else 0.', ({ status }) =>
    status.controller.bursting ? 1 : 0,
  ),
  gauge('spillway_mode', '1 for the burst mode that is set.', ({ status }) =>
    oneOf('mode', ['auto', 'always', 'never'], status.mode),
  ),
  counter(
    'spillway_mode_changes_total',
    'Times that the controller began or ended bursting.',
    ({ status }) => status.controller.modeChanges,
  ),
  gauge(
    'spillway_in_flight_envelopes',
    'Envelopes in the cloud without a head.',
    ({ status }) => status.controller.facts.inFlightEnvelopes,
  ),
  gauge(
    'spillway_in_flight_events',
    'Events of those envelopes.',
    ({ status }) => status.controller.facts.inFlightEvents,
  ),
  gauge(
    'spillway_in_flight_bytes',
    'Raw lines of those envelopes.',
    ({ status }) => status.controller.facts.inFlightBytes,
  ),
  gauge(
    'spillway_in_flight_oldest_seconds',
    'How long ago the oldest of those envelopes was sent; 0 when there is none.',
    ({ cloud }) => cloud.oldestInFlightMs / 1000,
  ),
  histogram(
    'spillway_put_to_partial_seconds',
    'For each envelope, from the put, or the call of the function, until its head is seen. Reclaimed ones are not measured.',
    ({ durations }) => durations.putToPartial,
  ),
  counter('spillway_burst_envelopes_total', 'Envelopes sent to the cloud.', ({ cloud }) => cloud.sentEnvelopes),
  counter(
    'spillway_divert_seconds_total',
    "Time of the node's thread for sealing and sending envelopes.",
    ({ cloud }) => cloud.divertMs / 1000,
  ),
  counter(
    'spillway_throttles_total',
    'Tries of puts and calls that came back throttled.',
    ({ status }) => status.burst.throttled,
  ),
  counter(
    'spillway_send_failures_total',
    'Envelopes that the cloud did not take, whatever was tried.',
    ({ cloud }) => cloud.failedSends,
  ),
  counter(
    'spillway_reclaims_total',
    'Envelopes that came back to the edge without being finished in the cloud.',
    ({ cloud }) => cloud.reclaims,
  ),
  gauge(
    'spillway_cloud',
    '1 for how the cloud is: usable; away, so that nothing is sent; or probing, one envelope finds out.',
    ({ cloud }) => oneOf('state', ['usable', 'away', 'probing'], cloud.state),
  ),
  gauge(
    'spillway_lanes',
    'Envelopes that the cloud can work on side by side.',
    ({ status }) => status.controller.facts.lanes,
  ),
  gauge(
    'spillway_lane_rate_events_per_second',
    'Events that one lane folds, by what the functions report; 0 before any did.',
    ({ status }) => status.burst.laneRate,
  ),
]

/** Where the time of what bursts goes: only who holds the events can tell. */
export const BURST_PART_METRICS: readonly Metric<Observed>[] = [
  histograms(
    'spillway_burst_part_seconds',
    'Where the time of those envelopes goes, from the arrival of the first event until the head is seen: linger until it is cut, turn until it is sent, put until the stream or a call has it, lane until a function begins, fold by the function, read until the head is seen.',
    ({ durations }) => BURST_PARTS.map((part) => ({ labels: { part }, counts: durations.burstParts[part] })),
  ),
]
