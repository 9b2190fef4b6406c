import { by, counter, gauge, histogram, type Metric } from './family'
import type { Observed, ObservedDecisions } from './observed'

/** How fast events come and go, and what waits. */
export const PACE_METRICS: readonly Metric<ObservedDecisions>[] = [
  gauge(
    'spillway_arrival_rate_events_per_second',
    'Events that arrive, over the last 100 ms or longer.',
    ({ status }) => status.controller.facts.arrivalRate,
  ),
  gauge(
    'spillway_true_rate_events_per_second',
    'Events that the edge can fold: folded / busy time. 0 before anything was folded.',
    ({ status }) => status.edge.trueRate,
  ),
  gauge(
    'spillway_utilization_ratio',
    'Share of the last second in which the edge was folding.',
    ({ status }) => status.controller.facts.utilization,
  ),
  gauge(
    'spillway_queue_delay_seconds',
    'How long an event that arrives now would wait at the edge: backlog / true rate.',
    ({ status }) => status.edge.queueDelayMs / 1000,
  ),
  gauge(
    'spillway_queue_delay_limit_seconds',
    'Queue delay above which envelopes burst.',
    ({ status }) => status.controller.terms.maxQueueDelayMs / 1000,
  ),
  gauge(
    'spillway_latency_target_seconds',
    'Delay that events should stay under.',
    ({ status }) => status.controller.terms.latencyTargetMs / 1000,
  ),
  gauge(
    'spillway_backlog_events',
    'Events accepted and not yet folded or sent.',
    ({ status }) => status.edge.backlogEvents,
  ),
  gauge('spillway_backlog_bytes', 'Raw lines of those events.', ({ status }) => status.edge.backlogBytes),
]

/** Is it keeping up: what comes, what is done, and how long that takes. */
export const EVENT_METRICS: readonly Metric<Observed>[] = [
  counter(
    'spillway_events_accepted_total',
    'Events accepted, with those that this process found unfinished in its log.',
    ({ status }) => status.events.accepted,
  ),
  counter(
    'spillway_events_total',
    'Events by what became of them: folded at the edge, folded in the burst, dead-lettered, late, or rejected. Recalled ones count in burst and again at the edge.',
    ({ status: { events }, deadLetters, recalledEvents }) =>
      by('outcome', {
        edge: events.edge,
        burst: events.burst + recalledEvents,
        dead_letter: deadLetters,
        late: events.late,
        rejected: events.rejected,
      }),
  ),
  counter(
    'spillway_recalled_events_total',
    'Events that were counted in the burst and came back to the edge, since the cloud could not give their partials.',
    ({ recalledEvents }) => recalledEvents,
  ),
  gauge(
    'spillway_events_pending',
    'Events accepted and not counted anywhere yet, at the edge or in the cloud.',
    ({ status }) => status.events.pending,
  ),
  counter(
    'spillway_http_requests_total',
    'Requests answered, by route, method and status. Status 429 and 503 of /v1/events are refusals: nothing was accepted.',
    ({ requests }) => requests,
  ),
  histogram(
    'spillway_ack_seconds',
    'From the headers of a request with events until its 202 is sent: the body, reading it, and the flush of the log.',
    ({ durations }) => durations.ack,
  ),
  histogram(
    'spillway_processing_delay_seconds',
    'For each event, from its scheduled send where the client states one, else its arrival, until it is folded at the edge or its head is seen.',
    ({ durations }) => durations.processingDelay,
  ),
  counter('spillway_folded_events_total', 'Events that edge workers folded.', ({ status }) => status.edge.folded),
  counter(
    'spillway_fold_busy_seconds_total',
    'Time in which at least one edge worker was folding.',
    ({ status }) => status.edge.busyMs / 1000,
  ),
  gauge(
    'spillway_over_target_seconds',
    'For how long more than 1 % of the events done in each second have been over that; 0: they are not.',
    ({ status }) => status.processingDelayMs.overTargetForMs / 1000,
  ),
  gauge(
    'spillway_backlog_limit_bytes',
    'Raw lines waiting above which requests are refused.',
    ({ limits }) => limits.maxBacklogBytes,
  ),
  gauge(
    'spillway_recovering_envelopes',
    'Envelopes that the log left unfinished at the start and that are not folded yet.',
    ({ status }) => status.edge.recovering,
  ),
  gauge(
    'spillway_apart_envelopes',
    'Envelopes that may end the process: folded apart, or waiting for that.',
    ({ status }) => status.edge.apart,
  ),
  gauge(
    'spillway_remembered_answer_bytes',
    'Memory for idempotency keys and their answers; at maxAnswerBytes requests with new keys are refused.',
    ({ answerBytes }) => answerBytes,
  ),
  counter('spillway_envelopes_total', 'Envelopes cut.', ({ status }) => status.envelopes),
]
