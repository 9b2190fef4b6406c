/** Share of the events that may be over the latency target, in a run as in any second of it. */
export const TOLERATED_SHARE = 0.01

const JUDGED_MS = 1_000 // a second is judged as a whole: single envelopes say little

/** Events that were done since the start, those of them that took longer than the target, and those not done yet. */
export interface Done {
  readonly events: number
  readonly overTarget: number
  readonly pending: number
}

/** What was done when the second in progress began, and since when too much of it has been over the target. */
export interface TargetWatch {
  readonly fromMs: number
  readonly before: Pick<Done, 'events' | 'overTarget'>
  /** null: not over. */
  readonly overSinceMs: number | null
}

export const watchFrom = (nowMs: number): TargetWatch => ({
  fromMs: nowMs,
  before: { events: 0, overTarget: 0 },
  overSinceMs: null,
})

/**
 * Looks at what is done by now; times by a monotonic clock. A second in which more events than are tolerated were over
 * the target counts, one in which nothing was done says nothing while events wait.
 */
export function lookAtTarget(watch: TargetWatch, { events, overTarget, pending }: Done, nowMs: number): TargetWatch {
  if (nowMs - watch.fromMs < JUDGED_MS) return watch
  const next = { fromMs: nowMs, before: { events, overTarget } }
  const done = events - watch.before.events
  if (done === 0) return { ...next, overSinceMs: pending > 0 ? watch.overSinceMs : null }
  const isOver = overTarget - watch.before.overTarget > TOLERATED_SHARE * done
  return { ...next, overSinceMs: isOver ? (watch.overSinceMs ?? watch.fromMs) : null }
}

/** For how long too many events have been over the target; 0: they are not. */
export const overTargetForMs = ({ overSinceMs }: TargetWatch, nowMs: number): number =>
  overSinceMs === null ? 0 : nowMs - overSinceMs
