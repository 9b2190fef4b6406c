import { queueDelayMs } from '../../core/control/control'
import { idleUsdPerHour } from '../../core/control/cost'
import type { PolicyTerms } from '../../core/control/policy'
import type { BurstMode } from '../../core/control/route'
import type { Config } from '../../edge-node/config/config'
import type { Status } from '../../edge-node/http/status'
import type { JobOverview, SidecarShown } from '../../edge-node/observe/feed'
import { lagOf, lagSeconds } from '../rest/job-rates'
import type { FlinkView } from './flink-watch'
import type { JobController } from './job-controller'
import type { SidecarView } from './sidecar-link'

/**
 * Everything that `GET /v1/status` of the controller of a job tells: the fields of an edge node, as far as a job has
 * them, and what only a job has. Counts are since the start of the sidecars.
 */
export interface JobStatus {
  readonly pipeline: string
  readonly version: string
  readonly ready: boolean
  /** Why nothing can be decided, in words; null while something can. */
  readonly unready: string | null
  readonly mode: BurstMode
  readonly events: Pick<Status['events'], 'accepted' | 'edge' | 'burst' | 'deadLettered' | 'late' | 'pending'>
  readonly edge: Pick<Status['edge'], 'trueRate' | 'backlogEvents' | 'backlogBytes' | 'queueDelayMs'>
  readonly burst: Pick<
    Status['burst'],
    | 'active'
    | 'reason'
    | 'inFlightEnvelopes'
    | 'inFlightBytes'
    | 'lanes'
    | 'laneRate'
    | 'throttled'
    | 'parts'
    | 'capacity'
    | 'bottleneck'
  >
  readonly controller: Status['controller']
  readonly cloud: Status['cloud']
  readonly job: JobOverview
}

/** What the status is made of. */
export interface JobStatusSources {
  readonly config: Pick<Config, 'pipeline' | 'policy' | 'transport'>
  readonly controller: Pick<JobController, 'mode' | 'intent' | 'decisions' | 'facts' | 'counts' | 'sidecars'>
  readonly terms: () => PolicyTerms
  readonly flink: { readonly view: FlinkView }
}

export function jobStatusOf({ config, controller, terms, flink }: JobStatusSources): JobStatus {
  const { sidecars, counts, intent, decisions, mode } = controller
  const facts = controller.facts()
  const heard = sidecars.flatMap((view) => (view.hearing === 'heard' && view.facts !== null ? [view.facts] : []))
  const [first] = heard
  const lanes = first?.streamLanes ?? { shards: 0, parallelization: 0, consumer: 'standard' as const }
  const unready = unreadyOf(sidecars)
  const { usage, usd, accepted, edge, burst, deadLettered } = counts
  const pending = Math.max(0, accepted - edge - burst - deadLettered)
  return {
    pipeline: config.pipeline,
    version: first?.version ?? 'unknown',
    ready: unready === null,
    unready,
    mode,
    events: { accepted, edge, burst, deadLettered, pending, late: lateOf(flink.view) },
    edge: {
      trueRate: facts.trueRate,
      backlogEvents: facts.backlogEvents,
      backlogBytes: facts.backlogBytes,
      queueDelayMs: queueDelayMs(facts),
    },
    burst: {
      active: heard.some(({ isSending }) => isSending),
      reason: intent.reason,
      inFlightEnvelopes: facts.inFlightEnvelopes,
      inFlightBytes: facts.inFlightBytes,
      lanes,
      laneRate: facts.laneRate,
      throttled: counts.throttled,
      parts: [],
      capacity: `${facts.lanes} functions side by side, shared out among the sidecars`,
      bottleneck: 'unknown',
    },
    controller: {
      policy: config.policy,
      transport: first?.transport ?? config.transport,
      terms: terms(),
      bursting: intent.bursting,
      reason: intent.reason,
      facts,
      modeChanges: decisions.changes,
      decisions: decisions.all,
    },
    cloud: { ...usage, usd, idleUsdPerHour: idleUsdPerHour(lanes.shards, lanes.consumer) },
    job: jobOf(flink.view, sidecars),
  }
}

function unreadyOf(sidecars: readonly SidecarView[]): string | null {
  if (sidecars.length === 0) return 'no sidecar was named: give --sidecars'
  if (sidecars.some(({ hearing }) => hearing === 'heard')) return null
  const [first] = sidecars
  return `no sidecar is heard; ${first?.name}: ${first?.problem}`
}

function jobOf({ reading, rates, problem }: FlinkView, sidecars: readonly SidecarView[]): JobOverview {
  const lagRecords = reading && lagOf(reading)
  const { last = null, lastFailure = null, ...checkpoints } = reading?.checkpoints ?? NO_CHECKPOINTS
  return {
    jobId: reading?.jobId ?? null,
    name: reading?.name ?? null,
    state: reading?.state ?? null,
    problem,
    parallelism: reading && Math.max(...reading.vertices.map(({ parallelism }) => parallelism), 0),
    lagRecords,
    lagSeconds: lagSeconds(lagRecords, rates?.readPerSecond ?? 0),
    arrivedPerSecond: rates?.arrivedPerSecond ?? null,
    readPerSecond: rates?.readPerSecond ?? null,
    restarts: reading?.restarts ?? null,
    checkpoints: {
      ...checkpoints,
      lastAtMs: last?.completedAtMs ?? null,
      lastDurationMs: last?.durationMs ?? null,
      lastBytes: last?.bytes ?? null,
      lastFailure: lastFailure?.reason ?? null,
    },
    sidecars: sidecars.map(shown),
  }
}

const NO_CHECKPOINTS = { inProgress: 0, completed: 0, failed: 0, last: null, lastFailure: null }

const lateOf = ({ reading }: FlinkView): number =>
  reading?.vertices.reduce((sum, { lateRecords }) => sum + (lateRecords ?? 0), 0) ?? 0

function shown({ name, hearing, problem, facts, told }: SidecarView): SidecarShown {
  return {
    ...{ name, hearing, problem },
    now: facts && {
      mode: facts.mode,
      bursting: facts.bursting,
      isSending: facts.isSending,
      reason: facts.reason,
      trueRate: facts.trueRate,
      arrivalRate: facts.arrivalRate,
      queueDelayMs: queueDelayMs(facts),
      backlogEvents: facts.backlogEvents,
      inFlightEvents: facts.inFlightEvents,
      edge: facts.events.edge,
      burst: facts.events.burst,
      deadLettered: facts.events.deadLettered,
      lanes: facts.limits.lanes,
      maxUsdPerHour: facts.limits.maxUsdPerHour,
      spentUsd: facts.spentUsd,
      ordersAgoMs: facts.ordersAgoMs,
    },
    orders: told?.reason ?? null,
  }
}
