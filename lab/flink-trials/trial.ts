import type { FlinkReport } from '../../scripts/flink/report'
import type { Stoppable } from '../../scripts/processes/child'

/** Where a trial runs. */
export interface Place {
  readonly kafkaPort: number
  readonly restPort: number
  /** Emptied first. */
  readonly dataDir: string
}

/** What came of a trial. */
export interface TrialOutcome {
  /** What should have been and was not, in words. */
  readonly failures: readonly string[]
  /** What was measured, for people. */
  readonly figures: string
  readonly reports: readonly FlinkReport[]
}

/** Something that must hold of the job, shown with real processes. */
export interface Trial {
  readonly name: string
  readonly about: string
  /** Whether it is one of the few that stand for all of them. */
  readonly isShort: boolean
  /** What it starts is added to `children`, which the caller stops. */
  run(place: Place, children: Stoppable[], say: (text: string) => void): Promise<TrialOutcome>
}
