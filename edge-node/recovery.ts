import { randomUUID } from 'node:crypto'
import { digestOf } from '../cloud/packing'
import { EdgeState } from '../core/edge-state'
import type { Envelope, EnvelopeHeader } from '../core/envelope'
import { Intake, type IntakeLimits } from '../core/intake'
import { Ledger } from '../core/ledger'
import type { FinalRecord, LogRecord } from '../core/log-record'
import type { Pipeline } from '../core/pipeline'
import { CannotRecover } from './cannot-recover'
import type { Checkpoint } from './checkpoints'
import type { DeadLetters } from './dead-letters'
import type { Log } from './log'

/** Everything that the log alone decides. */
export interface Recovered {
  readonly intake: Intake
  readonly ledger: Ledger
  /** What the edge had folded at the checkpoint. */
  readonly state: EdgeState
  /** Those that the log has after the checkpoint. */
  readonly finals: readonly FinalRecord[]
  readonly boot: Extract<LogRecord, { type: 'boot' }>
}

/**
 * Rebuilds the state from a checkpoint and the records of the log after it, and the boot record that has to be logged next. Envelopes of windows that are not final come back as
 * queued: where they were counted before is not in the log and does not matter.
 */
export function recover(
  pipeline: Pipeline,
  version: string,
  records: readonly LogRecord[],
  limits: IntakeLimits,
  nowMs: number,
  checkpoint: Checkpoint | null = null,
): Recovered {
  const last = records.findLast((record) => record.type === 'boot') ?? checkpoint?.boot
  const incarnation = last?.incarnation ?? randomUUID()
  const identity = { incarnation, version: last?.version ?? version }
  const intake = new Intake(pipeline, { incarnation, version }, limits, digestOf)
  const ledger = new Ledger(pipeline.window)
  const state = new EdgeState(pipeline)
  refuseOther(pipeline, records, checkpoint)
  if (checkpoint !== null) {
    intake.restore(checkpoint.intake)
    ledger.restore(checkpoint.ledger)
    state.restore(checkpoint.state)
    ledger.close(intake.horizonMs) // a closing may have been on its way to the disk
  }
  const replayed = replay(records, intake, ledger, (error) => {
    if (identity.version === version) {
      throw new CannotRecover(
        `the log and the checkpoint do not fit together (${error instanceof Error ? error.message : error}). Nothing was changed. Restore the data folder from a copy; \`npm run check-data -- DATA_DIR\` says what is sound`,
        { cause: error },
      )
    }
    throw new CannotRecover(
      `version ${version} of the pipeline cuts time otherwise than version ${identity.version}, which wrote the log (${error instanceof Error ? error.message : error}); give it a data folder of its own`,
    )
  })
  // What became final after the checkpoint is in its state still.
  state.release((endMs) => endMs <= intake.horizonMs && ledger.phaseOf(endMs) === undefined)
  const { open, closing } = ledger.tally()
  if (identity.version !== version && open + closing + intake.open.events > 0) {
    throw new CannotRecover(
      `the log has windows of pipeline version ${identity.version} that are not final, and this is version ${version}; start the old version again until its windows are final`,
    )
  }
  return {
    intake,
    ledger,
    state,
    finals: replayed,
    boot: { type: 'boot', incarnation, epoch: (last?.epoch ?? 0) + 1, version, atMs: nowMs },
  }
}

function refuseOther(pipeline: Pipeline, records: readonly LogRecord[], checkpoint: Checkpoint | null): void {
  const cut = records.find((record) => record.type === 'cut')
  const name = checkpoint?.pipeline ?? cut?.header.pipeline ?? pipeline.name
  if (name === pipeline.name) return
  throw new CannotRecover(
    `the log is of pipeline ${name}, and this is ${pipeline.name}; give each pipeline a data folder of its own`,
  )
}

/** Applies the records in order and returns the finals among them; `onError` hears of the first that cannot be applied, and throws. */
function replay(
  records: readonly LogRecord[],
  intake: Intake,
  ledger: Ledger,
  onError: (error: unknown) => never,
): FinalRecord[] {
  const finals: FinalRecord[] = []
  try {
    for (const record of records) {
      const cut = intake.replay(record)
      if (cut !== null) ledger.enter(cut)
      if (record.type === 'closing') ledger.close(record.horizonMs)
      if (record.type === 'final') {
        finals.push(record)
        ledger.finalize(record.endMs)
      }
    }
    return finals
  } catch (error) {
    return onError(error)
  }
}

/**
 * Takes envelopes back that the checkpoint counts as the cloud folded them, where the edge folded them again later and dead-lettered more: that
 * fold is lost, but its dead letters are on disk, and what was dead-lettered stays dead.
 */
export function takeBackStale(ledger: Ledger, deadLetters: Pick<DeadLetters, 'of'>): void {
  ledger.takeBackStale((header, deadLettered) => (deadLetters.of(header)?.size ?? 0) > deadLettered)
}

/** Reads what goes on from a checkpoint. Where that cannot be, checkpoints that were passed over are what is to be restored, and are named. */
export async function afterCheckpoints<T>(damaged: readonly string[], read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof CannotRecover) || damaged.length === 0) throw error
    throw new CannotRecover(`the checkpoint ${damaged.join(' and ')} is damaged, and without it ${error.message}`)
  }
}

const MAX_RUN_EVENTS = 200_000 // events read at once: some tens of megabytes

/**
 * Reads the lines of the queued envelopes that have none, and returns them in order: after a start, those that the checkpoint knows as not counted; after a
 * recall, those that came back. An envelope that got its lines meanwhile is left out.
 */
export async function attachLines(ledger: Ledger, log: Pick<Log, 'readLines'>): Promise<Envelope[]> {
  const headers = ledger.unattached().sort((a, b) => a.firstOffset - b.firstOffset)
  const attached: Envelope[] = []
  while (headers.length > 0) {
    const run = takeRun(headers)
    const events = run.reduce((sum, { count }) => sum + count, 0)
    const lines = await log.readLines(run[0]!.firstOffset, events)
    for (const header of run) {
      const envelope = { ...header, lines: lines.splice(0, header.count) }
      if (ledger.attach(envelope)) attached.push(envelope)
    }
  }
  return attached
}

/** Takes envelopes that follow each other without a gap off the front. */
function takeRun(headers: EnvelopeHeader[]): EnvelopeHeader[] {
  const run = headers.splice(0, 1)
  let events = run[0]!.count
  while (headers[0]?.firstOffset === run[0]!.firstOffset + events && events < MAX_RUN_EVENTS) {
    run.push(headers.shift()!)
    events += run.at(-1)!.count
  }
  return run
}
