import type { Moment } from '../../edge-node/http/live'
import { cloudOf, decisionsOf, sampleOf } from '../../edge-node/http/overview'
import type { Overview } from '../../edge-node/observe/feed'
import type { JobStatus } from './job-status'

const SHOWN_DECISIONS = 50
const NOT_MEASURED = { p50: 0, p99: 0, max: 0 } // the job's own delays are between Kafka and its sink
const NO_WINDOWS = { open: 0, closing: 0, finalizing: 0, final: 0, withBurst: 0 }

/** What the live feed of a job's controller comes from. */
export interface JobShown {
  readonly config: { readonly maxUsdPerHour: number }
  readonly status: () => JobStatus
}

/** How a job is now, in the form of the dashboard of an edge node. */
export function jobMoment({ config, status: statusNow }: JobShown, atMs: number): Moment {
  const status = statusNow()
  return {
    sample: sampleOf(status, atMs),
    overview: () => jobOverview(status, config, atMs),
    decisions: () => decisionsOf(status, SHOWN_DECISIONS),
    windows: () => ({ unfinished: [], finals: [] }),
  }
}

function jobOverview(status: JobStatus, { maxUsdPerHour }: JobShown['config'], atMs: number): Overview {
  const { pipeline, version, mode, events, controller, unready, burst, cloud, job } = status
  const { policy, reason, terms, facts } = controller
  return {
    ...{ atMs, pipeline, version, mode, policy, reason, unready, job },
    incarnation: job.jobId ?? '',
    bootEpoch: 0,
    refusal: null,
    bursting: burst.active,
    routeReason: reason,
    latencyTargetMs: terms.latencyTargetMs,
    limitMs: terms.maxQueueDelayMs,
    events: { ...events, rejected: 0 },
    windows: NO_WINDOWS,
    retention: '',
    processingDelayMs: NOT_MEASURED,
    overTargetForMs: 0,
    windowLatencyMs: NOT_MEASURED,
    cloud: cloudOf(status),
    cost: { usd: cloud.usd, lastHourUsd: facts.spentUsd, maxUsdPerHour, idleUsdPerHour: cloud.idleUsdPerHour },
  }
}
