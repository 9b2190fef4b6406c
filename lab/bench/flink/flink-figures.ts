import type { Point } from '../../../scripts/plots/series'
import type { ByPart } from '../process-times'

/** How a spike is met. */
export const FLINK_WAYS = ['flink, back-pressure', 'flink, burst', 'edge node, burst'] as const
export type FlinkWay = (typeof FLINK_WAYS)[number]

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** One system under the spike. Counts are events, times ms unless their name says otherwise. */
export interface FlinkSpikeRun {
  readonly way: FlinkWay
  readonly accepted: number
  readonly burst: number
  readonly isExact: boolean
  /** From the time at which an event was due until it was folded, at the edge or in the burst. */
  readonly processingDelayMs: Percentiles | null
  /** From the end of a window until its result can be read: lateness, out-of-orderness and commits are in it. */
  readonly windowReadAfterMs: { readonly p50: number; readonly max: number }
  /** From the end of the spike until no event had waited for more than a second, for good. */
  readonly lagGoneAfterMs: number | null
  readonly maxLagMs: number
  /** Seconds since the load began, and for how long the oldest event had been due then, in ms. */
  readonly lag: readonly Point[]
  /** Processor time from the beginning of the load until all events were folded; null where nothing tells. */
  readonly cpuMs: ByPart | null
  readonly usd: number
}

export const HOT_SYSTEMS = ['plain Flink', 'Flink with the sidecar', 'edge node'] as const
export type HotSystem = (typeof HOT_SYSTEMS)[number]

/** One system under cheap work. */
export interface HotRun {
  readonly system: HotSystem
  /** That were measured: those before them warmed it up. */
  readonly events: number
  readonly seconds: number
  readonly cpuMs: ByPart | null
}

export interface FlinkFigures {
  /** Events per second that a sidecar, or the edge node, folds of `bids`. */
  readonly capacity: number
  readonly rate: number
  readonly peak: number
  readonly seconds: number
  readonly spikeSeconds: number
  readonly hotRate: number
  readonly runs: readonly FlinkSpikeRun[]
  readonly hot: readonly HotRun[]
}
