import { type Rejection, readLine } from '../../core/pipeline/event'
import type { Pipeline, Row } from '../../core/pipeline/pipeline'
import { paneStart, windowEndsOfPane } from '../../core/pipeline/window'
import type { Envelope } from '../../core/protocol/envelope'
import { type DeadLetter, type EnvelopePartial, foldEnvelope } from '../../core/protocol/fold'
import { presentRows } from '../../core/protocol/partial'
import { planReplay, type ReplayPlan } from '../../core/protocol/replay'
import { thrownAt } from '../../program/thrown-at'
import type { DeadLetters, WrittenLetter } from '../dead-letters/dead-letters'
import { type Replays, replayKey } from '../dead-letters/replays'
import type { Clock } from '../observe/clock'
import type { Results } from '../results/results'
import type { EdgeNode } from './node'

const NOT_READY_RETRY_MS = 1_000

/** What came of replaying one dead letter, or, in a dry run, what would. Doing it again does nothing twice. */
export type ReplayOutcome =
  /**
   * `resent`: it was taken as an event; `corrected`: windows with a new correction; `waiting`: closed ones that are not
   * final yet.
   */
  | { readonly kind: 'replayed'; readonly resent: boolean; readonly corrected: number; readonly waiting: number }
  /** It could not be folded this time either, and stays as it was. */
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
  /** The node takes no events now; a retry helps. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs: number }

export interface ReplayerDependencies {
  readonly pipeline: Pipeline
  readonly version: string
  readonly deadLetters: Pick<DeadLetters, 'find'>
  readonly replays: Pick<Replays, 'of' | 'full' | 'addResent' | 'addCorrection' | 'flush'>
  readonly results: Pick<Results, 'isFinal' | 'takenBeforeMs'>
  readonly node: Pick<EdgeNode, 'ingest' | 'unready' | 'progress'>
  readonly clock: Clock
  /** Folds what has ended a process before, in another one; null when it was closed meanwhile. */
  readonly foldApart?: (envelope: Envelope) => Promise<EnvelopePartial | null>
}

/**
 * Gives dead letters another try with the pipeline as it is now: for windows that are open as a new event, for final
 * ones as a correction. The node does that and not its client, since which window is open is known for sure only where
 * events are admitted.
 */
export class Replayer {
  constructor(private readonly deps: ReplayerDependencies) {}

  /** Null when there is no letter with this id. Rejects with the error of the disk; then a retry helps. */
  async replay(id: string, dryRun: boolean): Promise<({ readonly offset: number } & ReplayOutcome) | null> {
    const letter = await this.deps.deadLetters.find(id)
    if (letter === null) return null
    return { offset: letter.offset, ...(dryRun ? this.foretell(letter) : await this.carryOut(letter)) }
  }

  private foretell(letter: WrittenLetter): ReplayOutcome {
    const plan = this.plan(letter)
    return this.impossible(letter, plan) ?? outcomeOf(plan, plan.resend.length > 0)
  }

  private async carryOut(letter: WrittenLetter): Promise<ReplayOutcome> {
    const plan = this.plan(letter)
    const impossible = this.impossible(letter, plan)
    if (impossible !== null) return impossible
    if (plan.resend.length + plan.correct.length === 0) return this.written(outcomeOf(plan, false))
    const rows = await this.fold(letter)
    if ('code' in rows) return { kind: 'failed', code: rows.code, reason: rows.reason }
    const sent = plan.resend.length > 0 ? await this.send(letter) : 'not_open'
    if (typeof sent === 'object') return sent
    const after = this.plan(letter) // windows may have closed or become final in the meantime
    this.correct(letter, after.correct, rows)
    return this.written(outcomeOf(after, sent === 'taken'))
  }

  private plan(letter: WrittenLetter): ReplayPlan {
    const { pipeline, replays, results, node } = this.deps
    const { resentAtMs, corrected } = replays.of(letter)
    return planReplay(pipeline.window, letter, {
      horizonMs: node.progress.horizonMs,
      resentAtMs,
      isFinal: (endMs) => results.isFinal(endMs - pipeline.window.sizeMs, endMs),
      isCorrected: (endMs) => corrected.has(endMs),
      isGone: (endMs) => endMs <= results.takenBeforeMs,
    })
  }

  private windowEnds({ timestampMs }: WrittenLetter): number[] {
    const { window } = this.deps.pipeline
    return windowEndsOfPane(window, paneStart(window, timestampMs))
  }

  private impossible(letter: WrittenLetter, plan: ReplayPlan): ReplayOutcome | null {
    if (this.windowEnds(letter).every((endMs) => endMs <= this.deps.results.takenBeforeMs))
      return failed('window_gone', 'retention took away the windows of the event')
    if (this.deps.replays.full)
      return failed('too_many_replays', 'a million replays are remembered, so that none is made twice; more do not fit')
    if (letter.version === this.deps.version || plan.waiting.length + plan.resend.length === 0) return null
    // A version starts only when all windows of the one before it are final: these are none of its windows.
    return failed('other_windows', `version ${letter.version} of the pipeline cut time into other windows`)
  }

  /** The rows of this event alone, or why there are none. */
  private async fold({ line, offset, envelope, code }: WrittenLetter): Promise<Row[] | Rejection | DeadLetter> {
    const { pipeline, version, clock: timers, foldApart } = this.deps
    const read = readLine(pipeline, 1, line, Number.POSITIVE_INFINITY)
    if ('code' in read) return read
    const header = { pipeline: pipeline.name, version, incarnation: '', number: envelope, digest: '' }
    const place = { firstOffset: offset, count: 1, horizonMs: Number.NEGATIVE_INFINITY }
    const event = { ...header, ...place, lines: [line] }
    const isDeadly = code === 'map_killed' && foldApart !== undefined
    const partial = isDeadly
      ? await foldApart(event)
      : await foldEnvelope(pipeline, event, { timers, placeOf: thrownAt })
    if (partial === null) return { code: 'map_killed', offset, reason: 'the node is stopping' }
    return partial.deadLetters[0] ?? [...partial.panes.values()].flatMap((pane) => presentRows(pipeline, pane))
  }

  /** Ingests the event once more. Its key makes that happen once, also when two replay it at the same time. */
  private async send(letter: WrittenLetter): Promise<'taken' | 'not_open' | ReplayOutcome> {
    const { pipeline, node, replays } = this.deps
    if (node.unready !== null) return { kind: 'refused', reason: node.unready, retryAfterMs: NOT_READY_RETRY_MS }
    const read = readLine(pipeline, 1, letter.line, Number.POSITIVE_INFINITY)
    if ('code' in read) return failed(read.code, read.reason)
    const ingested = await node.ingest({ key: replayKey(letter), lines: [read], rejected: [] }, null)
    if (ingested.kind === 'refused') return ingested
    if (ingested.kind === 'reused') throw new Error('a replay has no body that could be another one')
    const { rejected, late, horizon } = ingested.answer
    if (rejected[0] !== undefined) return failed(rejected[0].code, rejected[0].reason)
    if (late > 0) return 'not_open'
    replays.addResent(letter, horizon, this.windowEnds(letter).at(-1))
    return 'taken'
  }

  private correct({ digest, offset }: WrittenLetter, ends: readonly number[], rows: readonly Row[]): void {
    const { pipeline, version, replays, clock } = this.deps
    for (const end of ends) {
      const window = { pipeline: pipeline.name, version, start: end - pipeline.window.sizeMs, end }
      replays.addCorrection({ ...window, digest, offset, rows: [...rows], atMs: clock.epochMs() })
    }
  }

  private async written(outcome: ReplayOutcome): Promise<ReplayOutcome> {
    await this.deps.replays.flush()
    return outcome
  }
}

const outcomeOf = ({ correct, waiting }: ReplayPlan, resent: boolean): ReplayOutcome => ({
  kind: 'replayed',
  resent,
  corrected: correct.length,
  waiting: waiting.length,
})

const failed = (code: string, reason: string): ReplayOutcome => ({ kind: 'failed', code, reason })
