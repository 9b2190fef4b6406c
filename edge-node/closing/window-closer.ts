import type { EdgeState } from '../../core/protocol/edge-state'
import type { Intake } from '../../core/protocol/intake'
import type { Ledger } from '../../core/protocol/ledger'
import type { Cutter, LogStep } from '../ingest/cutter'
import type { Clock } from '../observe/clock'
import type { Finisher } from './closing'

/** What closing windows needs. */
export interface WindowCloserDependencies {
  readonly intake: Pick<Intake, 'close' | 'dueHorizonMs' | 'horizonMs'>
  readonly ledger: Pick<Ledger, 'close' | 'phaseOf' | 'takeComplete'>
  readonly state: Pick<EdgeState, 'release'>
  readonly cutter: Pick<Cutter, 'all'>
  readonly finisher: Pick<Finisher, 'closed' | 'finish'>
  readonly clock: Pick<Clock, 'epochMs'>
}

/** Closes windows that the watermark has passed, and hands those whose envelopes are all counted to the finisher. */
export class WindowCloser {
  constructor(private readonly deps: WindowCloserDependencies) {}

  /** Cuts everything and moves the horizon, when the watermark passed a window with events. */
  due(): LogStep | null {
    const { intake, cutter, clock } = this.deps
    const horizonMs = intake.dueHorizonMs(clock.epochMs())
    if (horizonMs === null) return null
    const cuts = cutter.all()
    const closing = intake.close(horizonMs)
    return { records: [...cuts.records, closing], proceed: () => this.closed(cuts, horizonMs) }
  }

  /** Finishes the closed windows that wait for no envelope any more. */
  finishComplete(): void {
    for (const account of this.deps.ledger.takeComplete()) this.deps.finisher.finish(account)
  }

  /** Forgets what the edge has folded for windows that are final. */
  release(): void {
    const { state, intake, ledger } = this.deps
    state.release((endMs) => endMs <= intake.horizonMs && ledger.phaseOf(endMs) === undefined)
  }

  private closed(cuts: LogStep, horizonMs: number): void {
    cuts.proceed?.()
    for (const endMs of this.deps.ledger.close(horizonMs)) this.deps.finisher.closed(endMs)
    this.finishComplete()
  }
}
