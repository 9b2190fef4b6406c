import type { Prediction } from './predicted'
import type { Series } from './series'
import type { TrialReport } from './stage'
import type { Slice } from './trace-slice'

/** How a trace is replayed. */
export interface Replay {
  readonly slice: Slice
  readonly speedup: number
  /** Mean rate over the capacity. */
  readonly meanShare: number
}

export interface TraceRun extends Replay {
  /** Name of the file without folder and ending. */
  readonly trace: string
  /** Length of the slice in seconds of its own time, and its fullest bin over the capacity. */
  readonly sliceSeconds: number
  readonly peakShare: number
  readonly report: TrialReport
  readonly series: Series
  /** null where there is no simulator. */
  readonly predicted: Prediction | null
}

export interface TraceFigures {
  readonly capacity: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly runs: readonly TraceRun[]
}

/** The trace that a good controller hardly bursts on. */
export const CALM_TRACE = 'nyc-taxi'
