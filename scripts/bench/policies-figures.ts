import type { PolicyName } from '../../core/policies'
import type { Series } from './series'
import type { TrialReport } from './stage'

export interface PolicyRun {
  readonly policy: PolicyName
  /** Machines like the edge that stand by for the whole run. */
  readonly machines: number
  readonly report: TrialReport
  readonly series: Series
}

export interface PoliciesFigures {
  readonly capacity: number
  readonly trace: string
  readonly meanShare: number
  readonly peakShare: number
  readonly latencyTargetMs: number
  readonly lanes: { readonly shards: number; readonly parallelization: number }
  readonly runs: readonly PolicyRun[]
}
