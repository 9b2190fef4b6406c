import type { Consumer } from './cost'

/** How much the cloud half can do, as its services tell. */
export interface Capacity {
  readonly stream: 'provisioned' | 'onDemand'
  /** Those that are open. */
  readonly shards: number
  /** Lanes of each shard. */
  readonly parallelization: number
  readonly consumer: Consumer
  /** What an on-demand stream was asked to be ready for; 0 where it was not asked. */
  readonly warmMiBps: number
  /** A change is under way, and AWS takes no other. */
  readonly isUpdating: boolean
}

/** How many envelopes can be worked on side by side. */
export const lanesOf = ({ shards, parallelization }: Pick<Capacity, 'shards' | 'parallelization'>): number =>
  shards * parallelization

/** What is asked of the cloud half. Rates are per second. */
export interface CapacityLoad {
  readonly bursting: boolean
  /** Events that arrive above what the edge folds. */
  readonly excessRate: number
  /** Events that one lane folds; 0 when unknown. */
  readonly laneRate: number
  /**
   * Events in the cloud without a head, and the age of the oldest of their envelopes: it stands for the iterator age,
   * which AWS shows by the minute.
   */
  readonly inFlightEvents: number
  readonly oldestInFlightMs: number
  /** Where it is known. */
  readonly iteratorAgeMs?: number | undefined
  /** Events and bytes that the stream took. */
  readonly sentRate: number
  readonly sentBytesPerSecond: number
  /** Records that the stream throttled, and calls that Lambda did; 0 where that is not seen. */
  readonly putThrottles: number
  readonly functionThrottles: number
}

/** How far the capacity may be raised, and whether at all. */
export interface CapacityTerms {
  readonly isAllowed: boolean
  readonly maxShards: number
  readonly maxParallelization: number
}

/** A call of the AWS API. */
export interface CapacityStep {
  readonly kind: StepKind
  readonly to: number
}
export type StepKind = 'parallelization' | 'shards' | 'warmThroughput'

/** What is to be set, in words for whoever has to do it by hand. */
export function inWords({ kind, to }: CapacityStep): string {
  switch (kind) {
    case 'parallelization':
      return `the parallelization factor to ${to}`
    case 'shards':
      return `the stream to ${to} shards`
    case 'warmThroughput':
      return `the stream's warm throughput to ${to} MiB/s`
  }
}
