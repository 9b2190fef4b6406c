import type { Breaker } from '../../../core/control/breaker'
import type { BurstPart } from '../../observe/burst-parts'
import type { BucketCounts } from '../../observe/histogram'
import type { Status } from '../status'
import type { Reading } from './family'

/** What a node and a Flink job have in common: what is decided, by which facts, and what came of it. */
export interface ObservedDecisions {
  readonly status: {
    readonly mode: Status['mode']
    readonly controller: Pick<Status['controller'], 'bursting' | 'modeChanges' | 'facts' | 'terms'>
    readonly edge: Pick<Status['edge'], 'trueRate' | 'queueDelayMs' | 'backlogEvents' | 'backlogBytes'>
    readonly burst: Pick<Status['burst'], 'throttled' | 'laneRate'>
    readonly cloud: Status['cloud']
  }
  readonly limits: { readonly maxUsdPerHour: number }
  readonly cloud: {
    readonly state: Breaker['state']
    readonly sentEnvelopes: number
    readonly reclaims: number
    readonly failedSends: number
    readonly divertMs: number
    readonly oldestInFlightMs: number
  }
  readonly durations: { readonly putToPartial: BucketCounts }
}

/**
 * What all metrics of one scrape are read from: one moment, and counters that only grow. Delays are ms, as everywhere
 * in the node.
 */
export interface Observed extends ObservedDecisions {
  readonly status: Status
  readonly limits: {
    readonly maxUsdPerHour: number
    readonly maxBacklogBytes: number
    readonly maxGroups: number
    readonly reservedDiskBytes: number
    readonly workers: number
  }
  /** Events that were counted in the burst and came back. */
  readonly recalledEvents: number
  /** Memory for remembered requests. */
  readonly answerBytes: number
  /** Dead letters, those included that wait to be folded again. */
  readonly deadLetters: number
  /** Answered requests, by route, method and status. */
  readonly requests: readonly Reading[]
  readonly durations: {
    readonly ack: BucketCounts
    readonly processingDelay: BucketCounts
    readonly putToPartial: BucketCounts
    readonly burstParts: Readonly<Record<BurstPart, BucketCounts>>
    readonly windowLatency: BucketCounts
    readonly logFlush: BucketCounts
  }
  readonly disk: {
    /** null while the disk does not answer. */
    readonly freeBytes: number | null
    readonly logHealthy: boolean
    readonly checkpointAgeMs: number
    readonly checkpointsFailed: number
  }
}
