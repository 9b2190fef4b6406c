import type { Schedule } from '../load/schedule/schedule'
import type { SidecarFacts } from './sidecar-process'

/** Cumulative counters of the sidecar, also over a sidecar that was started again and counts from 0. */
export interface Folded {
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly usd: number
}

/** One look at a run, with the names of the samples of `spillway start`; rates are per second since the look before. */
export interface FlinkSample {
  readonly atMs: number
  readonly inRate: number
  readonly edgeRate: number
  readonly burstRate: number
  /** Events that were due and are not folded, and for how long the oldest of them has been due. */
  readonly backlogEvents: number
  readonly lagMs: number
  readonly queueDelayMs: number
  readonly finalWindows: number
  /** Events folded in the burst so far. */
  readonly burst: number
  readonly usd: number
  /** Calls of functions since the cloud was started; null while it is away. */
  readonly invocations: number | null
  readonly reason: string
}

/** What is known at a look. */
export interface Look {
  readonly atMs: number
  readonly folded: Folded
  readonly queueDelayMs: number
  readonly reason: string
  readonly finalWindows: number
  readonly invocations: number | null
}

export const NOTHING_FOLDED: Folded = { edge: 0, burst: 0, deadLettered: 0, usd: 0 }

const foldedBy = ({ events, burst }: SidecarFacts): Folded => ({ ...events, usd: burst.usd })

const plus = (a: Folded, b: Folded): Folded => ({
  edge: a.edge + b.edge,
  burst: a.burst + b.burst,
  deadLettered: a.deadLettered + b.deadLettered,
  usd: a.usd + b.usd,
})

const eventsOf = ({ edge, burst, deadLettered }: Folded) => edge + burst + deadLettered

/** Adds up what sidecars count that come one after the other: one that counts less than before is another one. */
export class FoldedSoFar {
  private before = NOTHING_FOLDED
  private now = NOTHING_FOLDED

  take(facts: SidecarFacts | null): Folded {
    if (facts !== null) {
      const now = foldedBy(facts)
      if (eventsOf(now) < eventsOf(this.now)) this.before = plus(this.before, this.now)
      this.now = now
    }
    return plus(this.before, this.now)
  }
}

/** What lies between two looks. Events that were folded twice because of a restart make the lag look smaller. */
export function sampleOf(
  before: Look,
  after: Look,
  { total, dueAt, timeOf }: Pick<Schedule, 'total' | 'dueAt' | 'timeOf'>,
  loadStartMs: number,
): FlinkSample {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000)
  const dueBy = (atMs: number) => (atMs <= loadStartMs ? 0 : Math.min(total, dueAt(atMs - loadStartMs)))
  const due = dueBy(after.atMs)
  const folded = eventsOf(after.folded)
  const oldestDueMs = folded < due ? loadStartMs + timeOf(folded) : after.atMs
  return {
    atMs: after.atMs,
    inRate: (due - dueBy(before.atMs)) / seconds,
    edgeRate: (after.folded.edge - before.folded.edge) / seconds,
    burstRate: (after.folded.burst - before.folded.burst) / seconds,
    backlogEvents: Math.max(0, due - folded),
    lagMs: Math.max(0, Math.round(after.atMs - oldestDueMs)),
    queueDelayMs: after.queueDelayMs,
    finalWindows: after.finalWindows,
    burst: after.folded.burst,
    usd: after.folded.usd,
    invocations: after.invocations,
    reason: after.reason,
  }
}

/** What is called no lag: the latency target of the settings. */
export const NO_LAG_MS = 1_000

/** From the end of the spike until the lag was gone, for good; null when it never was. */
export function lagGoneAfterMs(
  series: readonly Pick<FlinkSample, 'atMs' | 'lagMs'>[],
  spikeEndMs: number,
): number | null {
  const lastOver = series.findLastIndex(({ lagMs }) => lagMs > NO_LAG_MS)
  const gone = series[lastOver + 1]
  return gone === undefined ? null : Math.max(0, gone.atMs - spikeEndMs)
}

/** From when the lag is gone until nothing may go to the cloud any more. */
export const AT_REST_AFTER_MS = 5_000

/**
 * What went to the cloud from five seconds after the lag was gone until the end, which has to be nothing: calls of
 * functions, and events. Null where that cannot be said.
 */
export function atRest(
  series: readonly Pick<FlinkSample, 'atMs' | 'invocations' | 'burst'>[],
  spikeEndMs: number,
  lagGoneMs: number | null,
): { readonly invocationsAtRest: number | null; readonly burstAtRest: number | null } {
  const restsAtMs = spikeEndMs + (lagGoneMs ?? Number.POSITIVE_INFINITY) + AT_REST_AFTER_MS
  const rest = series.filter(({ atMs }) => atMs >= restsAtMs)
  const [first, last] = [rest[0], rest.at(-1)]
  if (first === undefined || last === undefined) return { invocationsAtRest: null, burstAtRest: null }
  const calls = first.invocations === null || last.invocations === null ? null : last.invocations - first.invocations
  return { invocationsAtRest: calls, burstAtRest: last.burst - first.burst }
}
