import type { Series } from './series'
import type { TrialReport } from './stage'

export const WAYS = ['off', 'kinesis', 'invoke'] as const

/** How a spike is met: not at all (back-pressure), or by bursting over one of the transports. */
export type Way = (typeof WAYS)[number]

/** So many times the capacity, for so long. */
export interface Spike {
  readonly factor: number
  readonly seconds: number
}

export interface SpikeRun {
  readonly spike: Spike
  /** Counts from 1; the runs of a pair follow one another. */
  readonly pair: number
  readonly way: Way
  readonly report: TrialReport
  readonly series: Series
}

export interface SpikeFigures {
  /** Measured once before the runs, in events per second. */
  readonly capacity: number
  readonly baseShare: number
  readonly latencyTargetMs: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly maxInvokes: number
  readonly runs: readonly SpikeRun[]
  /** A load that swings about the capacity, over Kinesis. */
  readonly hover: { readonly report: TrialReport; readonly series: Series; readonly mostChangesIn10s: number }
}
