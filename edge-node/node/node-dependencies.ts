import type { Logger } from 'pino'
import type { Lanes } from '../../cloud/deployment'
import type { RunningPolicy } from '../../core/control/policies'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { OverflowDependencies } from '../burst/burst'
import type { MergeCloud } from '../closing/merger'
import type { Config } from '../config/config'
import type { DeadLetterBook } from '../dead-letters/dead-letters'
import type { DiskSpace } from '../disk/disk-space'
import type { Care } from '../fold/apart/lane'
import type { Checkpoints } from '../log/checkpoints'
import type { KeyFiles } from '../log/key-files'
import type { Log } from '../log/log'
import type { Recovered } from '../log/recovery'
import type { Clock } from '../observe/clock'
import type { Trace } from '../observe/observe'
import type { FinalFiles } from '../results/final-files'
import type { Results } from '../results/results'

/** What the node works with besides its own state. */
export interface NodeDependencies {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly log: Log
  readonly diskSpace: Pick<DiskSpace, 'isLow' | 'isGone'>
  readonly checkpoints: Pick<Checkpoints, 'write'>
  readonly recovered: Recovered
  readonly results: Pick<Results, 'store' | 'publish' | 'count' | 'since' | 'withBurst'>
  /** Where finals are kept that no checkpoint needs to hold. */
  readonly finals: Pick<FinalFiles, 'count' | 'append'>
  /** Where the remembered keys are that no checkpoint needs to hold. */
  readonly keys: Pick<KeyFiles, 'count' | 'append' | 'deleteBefore' | 'close'>
  readonly deadLetters: DeadLetterBook
  readonly cloud: MergeCloud
  readonly policy: RunningPolicy
  readonly prewarmer: OverflowDependencies['prewarmer']
  /** Counts what the node's own calls of the tables are billed. */
  readonly meters: OverflowDependencies['meters']
  /** What the cloud has now. */
  readonly lanes: () => Lanes
  readonly transport: OverflowDependencies['transport']
  readonly logger: Logger
  readonly clock: Clock
  /** How envelopes that may end the process are folded; as any other when absent. */
  readonly care?: Care
  /** Who is told of the ways of envelopes; nobody when absent. */
  readonly trace?: Trace
}
