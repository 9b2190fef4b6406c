import { randomUUID } from 'node:crypto'
import { digestOf } from '../../cloud/packing'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { AnswerPage } from '../../core/protocol/answer-block'
import { EdgeState } from '../../core/protocol/edge-state'
import { Intake, type IntakeLimits, type KeyRules } from '../../core/protocol/intake'
import { Ledger } from '../../core/protocol/ledger'
import type { FinalRecord, LogRecord } from '../../core/protocol/log-record'
import type { DeadLetters } from '../dead-letters/dead-letters'
import { isReplayKey } from '../dead-letters/replays'
import { CannotRecover } from '../disk/disk'
import type { Checkpoint } from './checkpoints'
import { missingKeys } from './key-files'

/** Everything that the log alone decides. */
export interface Recovered {
  readonly intake: Intake
  readonly ledger: Ledger
  /** What the edge had folded at the checkpoint. */
  readonly state: EdgeState
  /** Those that the log has after the checkpoint. */
  readonly finals: readonly FinalRecord[]
  readonly boot: BootRecord
}

type BootRecord = Extract<LogRecord, { type: 'boot' }>

/** What a state is rebuilt for. */
export interface RecoveryTerms {
  readonly pipeline: Pipeline
  /** Of the pipelines that run now. */
  readonly version: string
  readonly limits: RecoveryLimits
  readonly checkpoint: Checkpoint | null
}

/** Of a key its digest is kept, and of those with which the node sends dead letters again the text, too. */
const KEY_RULES: KeyRules = { digestOf: (key) => digestOf([key]), isKeptAsText: isReplayKey }

/** What a recovery may keep in memory. */
export interface RecoveryLimits {
  readonly intake: IntakeLimits
  /** Lines of envelopes that are to be folded; those of others stay in the log until there is room. */
  readonly heldBytes: number
}

/**
 * Rebuilds the state from a checkpoint and the records of the log after it, one by one as they are read: a log may be
 * larger than memory. Envelopes of windows that are not final come back as queued: where they were counted before is
 * not in the log and does not matter.
 */
export class Recovery {
  /** The newest one read so far. */
  private boot: BootRecord | undefined
  private readonly ledger: Ledger
  private readonly state: EdgeState
  private readonly finals: FinalRecord[] = []
  /** Made as soon as it is known whose log this is. */
  private intake: Intake | undefined

  /** How many keys the files of keys have ever had. */
  private writtenKeys = 0

  /** Less than the limit where the checkpoint has envelopes that wait: they are older and come first. */
  private readonly roomBytes: number

  constructor(private readonly terms: RecoveryTerms) {
    const { pipeline, checkpoint } = terms
    this.ledger = new Ledger(pipeline.window)
    this.state = new EdgeState(pipeline)
    if (checkpoint !== null) this.restore(checkpoint)
    const older = this.ledger.unattached().reduce((bytes, { number }) => bytes + this.ledger.bytesOf(number), 0)
    this.roomBytes = terms.limits.heldBytes - older
  }

  /**
   * Takes up a page of the remembered keys; before the records, in their order. Those that are newer than the
   * checkpoint come from the log. Throws when some are missing before the page.
   */
  takeKeys(page: AnswerPage): void {
    const span = this.terms.checkpoint?.intake.keys
    if (span === undefined || this.intake === undefined) return
    const { next } = this.intake.keys
    if (page.first > next && next < span.next) throw missingKeys(next, page.first)
    this.intake.takeUpKeys(page, span)
  }

  /** Goes on without the keys before a number that the files have no more: somebody has given them up. */
  giveUpKeys(before: number): void {
    const span = this.terms.checkpoint?.intake.keys
    if (span !== undefined) this.intake?.giveUpKeys(Math.min(before, span.next))
  }

  /** No page follows; the files have had `written` keys. Throws CannotRecover when the checkpoint knows of more. */
  keysTaken(written: number): void {
    const known = this.terms.checkpoint?.intake.keys?.next ?? 0
    const found = this.intake?.keys.next ?? 0
    if (found < known) throw missingKeys(found, known)
    this.writtenKeys = written
  }

  /** Applies the next record. Throws CannotRecover where it contradicts what came before it. */
  take(record: LogRecord): void {
    if (record.type === 'cut') this.refuseOther(record.header.pipeline)
    if (record.type === 'boot') this.boot = record
    try {
      this.apply(record)
    } catch (error) {
      throw this.contradiction(error)
    }
  }

  /** The state, and the boot record that has to be logged next. Throws CannotRecover. */
  end(nowMs: number): Recovered {
    const { ledger, state, finals, boot: last } = this
    const { version } = this.terms
    const intake = this.intake ?? this.begin()
    // What became final after the checkpoint is in its state still.
    state.release((endMs) => endMs <= intake.horizonMs && ledger.phaseOf(endMs) === undefined)
    const { open, closing } = ledger.tally()
    if (last !== undefined && last.version !== version && open + closing + intake.open.events > 0) {
      throw new CannotRecover(
        `the log has windows of pipeline version ${last.version} that are not final, and this is version ${version}; start the old version again until its windows are final`,
      )
    }
    if (intake.keys.next < this.writtenKeys)
      throw new CannotRecover(
        `the files of keys have ${this.writtenKeys} idempotency keys and the log ${intake.keys.next}: records of the log are lost. Nothing was changed. Restore the data folder from a copy; \`spillway check-data DATA_DIR\` says what is sound`,
      )
    const epoch = (last?.epoch ?? 0) + 1
    const boot = { type: 'boot', incarnation: intake.incarnation, epoch, version, atMs: nowMs } as const
    intake.replay(boot)
    return { intake, ledger, state, finals, boot }
  }

  private restore(checkpoint: Checkpoint): void {
    this.refuseOther(checkpoint.pipeline)
    this.boot = checkpoint.boot
    const intake = this.begin()
    intake.restore(checkpoint.intake)
    this.ledger.restore(checkpoint.ledger)
    this.state.restore(checkpoint.state)
    this.ledger.close(intake.horizonMs) // a closing may have been on its way to the disk
  }

  private apply(record: LogRecord): void {
    const intake = this.intake ?? this.begin()
    const cut = intake.replay(record)
    if (cut !== null) this.ledger.enter(cut, this.ledger.queuedBytes + cut.bytes <= this.roomBytes)
    if (record.type === 'closing') this.ledger.close(record.horizonMs)
    if (record.type === 'final') {
      this.finals.push(record)
      this.ledger.finalize(record.endMs)
    }
  }

  /** The segment record comes before the boot record; all others belong to an incarnation. */
  private begin(): Intake {
    const { pipeline, version, limits } = this.terms
    const intake = new Intake(
      pipeline,
      { incarnation: this.boot?.incarnation ?? randomUUID(), version },
      limits.intake,
      digestOf,
      KEY_RULES,
    )
    if (this.boot !== undefined) this.intake = intake
    return intake
  }

  private contradiction(error: unknown): CannotRecover {
    const { version } = this.terms
    const what = error instanceof Error ? error.message : error
    if (this.boot === undefined || this.boot.version === version) {
      return new CannotRecover(
        `the log and the checkpoint do not fit together (${what}). Nothing was changed. Restore the data folder from a copy; \`spillway check-data DATA_DIR\` says what is sound`,
        { cause: error },
      )
    }
    return new CannotRecover(
      `version ${version} of the pipeline cuts time otherwise than version ${this.boot.version}, which wrote the log (${what}); give it a data folder of its own`,
    )
  }

  private refuseOther(name: string): void {
    if (name === this.terms.pipeline.name) return
    throw new CannotRecover(
      `the log is of pipeline ${name}, and this is ${this.terms.pipeline.name}; give each pipeline a data folder of its own`,
    )
  }
}

/**
 * Takes back envelopes that the checkpoint counts as folded in the cloud, although the edge folded them again later and
 * dead-lettered more events. That later fold is lost, but its dead letters are on disk, and a dead event stays dead.
 */
export function takeBackStale(ledger: Ledger, deadLetters: Pick<DeadLetters, 'of'>): void {
  ledger.takeBackStale((header, deadLettered) => (deadLetters.of(header)?.size ?? 0) > deadLettered)
}

/**
 * Reads the data that follows a checkpoint. When that fails and damaged checkpoints were passed over, the error names
 * those: they are what has to be restored.
 */
export async function afterCheckpoints<T>(damaged: readonly string[], read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof CannotRecover) || damaged.length === 0) throw error
    throw new CannotRecover(`the checkpoint ${damaged.join(' and ')} is damaged, and without it ${error.message}`)
  }
}
