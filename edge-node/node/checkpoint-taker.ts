import type { EdgeState } from '../../core/protocol/edge-state'
import type { Intake } from '../../core/protocol/intake'
import type { Ledger } from '../../core/protocol/ledger'
import type { Finisher } from '../closing/closing'
import type { Appender } from '../ingest/appender'
import type { Admission } from '../ingest/ingest'
import type { CheckpointContent, Checkpointer } from '../log/checkpointer'
import type { Log } from '../log/log'
import type { Results } from '../results/results'

/** What taking checkpoints needs. */
export interface CheckpointTakerDependencies {
  readonly checkpointer: Pick<Checkpointer, 'isDue' | 'settled' | 'take'>
  readonly pipeline: CheckpointContent['pipeline']
  readonly boot: CheckpointContent['boot']
  readonly intake: Pick<Intake, 'horizonMs' | 'nextOffset' | 'open' | 'snapshot'>
  readonly ledger: Pick<Ledger, 'neededOffset' | 'snapshot'>
  readonly state: Pick<EdgeState, 'freeze'>
  readonly results: Pick<Results, 'count'>
  readonly admission: Pick<Admission, 'loggedRequests'>
  readonly appender: Pick<Appender, 'cutAll'>
  readonly finisher: Pick<Finisher, 'committing'>
  readonly log: Pick<Log, 'flushed' | 'healthy'>
}

/** Copies the state of the node for a checkpoint, at moments when the log and the state say the same. */
export class CheckpointTaker {
  constructor(private readonly deps: CheckpointTakerDependencies) {}

  /** Takes one in the background where it is time, and the node has changed since the last. */
  takeIfDue(): void {
    const { finisher, log, checkpointer } = this.deps
    const mayTake = !finisher.committing && log.healthy
    if (mayTake && checkpointer.isDue(() => this.mark())) void this.take()
  }

  /** Takes the one that the next start begins with. */
  async takeLast(): Promise<void> {
    const { checkpointer, log, finisher } = this.deps
    if (!log.healthy) return
    await checkpointer.settled()
    await log.flushed()
    if (!finisher.committing) await this.take()
  }

  /** Copies the state at a place in the log where everything is cut, and writes it in the background. */
  private take(): Promise<void> {
    const { pipeline, boot, intake, ledger, state, results, appender, checkpointer } = this.deps
    appender.cutAll()
    const content = () => {
      return { pipeline, boot, intake: intake.snapshot(), ledger: ledger.snapshot(), finals: results.count }
    }
    return checkpointer.take(content, () => state.freeze(), ledger.neededOffset())
  }

  /** Tells one state of the node from another: while it stays, the last checkpoint says all there is to say. */
  private mark(): string {
    const { intake, results, admission } = this.deps
    const { nextOffset, horizonMs, open } = intake
    return `${nextOffset} ${horizonMs} ${results.count} ${open.events} ${admission.loggedRequests}`
  }
}
