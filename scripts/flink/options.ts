import type { Fault } from './faults'

/** What to run. */
export interface FlinkRunOptions {
  readonly seconds: number
  /** Events per second, and at the spike. */
  readonly rate: number
  readonly peak: number
  readonly spikeSeconds: number
  readonly poison: number
  readonly seed: number
  readonly parallelism: number
  /** Events per second that the sidecar folds. */
  readonly capacity: number
  /** What to kill in the spike, one after the other. */
  readonly kill?: readonly Fault[]
  /** For how long a broker or a cloud stays away that was killed. */
  readonly awaySeconds: number
  /** Parallelism from the middle of the spike on, by a savepoint. */
  readonly rescale?: number
  /** How far one partition falls behind the others; 0 for a topic whose partitions are alike. */
  readonly slowSeconds: number
  readonly mode: 'auto' | 'always' | 'never'
  readonly kafkaPort: number
  readonly restPort: number
  /** Folder of this run; emptied first. */
  readonly dataDir: string
}
