// For: envelopes are folded at the edge.
// In: envelopes from the router, from the log after a start, and back from the cloud.
// Out: partials in the edge's state; envelopes as counted; dead letters.

import type { Logger } from 'pino'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { EdgeState } from '../../core/protocol/edge-state'
import type { Envelope, EnvelopeHeader } from '../../core/protocol/envelope'
import type { DeadLetter, EnvelopePartial } from '../../core/protocol/fold'
import type { Ledger } from '../../core/protocol/ledger'
import type { Config } from '../config/config'
import type { DeadLetterBook } from '../dead-letters/dead-letters'
import { type Deaths, DyingEvents } from '../dead-letters/dying-events'
import type { Arrivals } from '../ingest/arrivals'
import type { KeptReadings } from '../ingest/kept-readings'
import type { Log } from '../log/log'
import { Unread } from '../log/unread'
import type { Clock } from '../observe/clock'
import type { EnvelopeEvents, ReclaimCause } from '../observe/envelope-events'
import type { Trace } from '../observe/observe'
import { ApartLane, type Care } from './apart/apart'
import { foldsWith, Workers } from './workers'

/**
 * Cumulative counts of events since this process started; `accepted` includes those that it found unfinished in the
 * log.
 */
export interface EventCounts {
  accepted: number
  edge: number
  burst: number
  late: number
  rejected: number
  deadLettered: number
}

/** How taking an event out by hand ended. */
export type TakenOut =
  | { readonly kind: 'taken' }
  /** No envelope that is not final has it. */
  | { readonly kind: 'unknown' }
  /** It is counted in its windows. */
  | { readonly kind: 'counted' }
  /** It is on its way to the cloud, or back from there. */
  | { readonly kind: 'away' }

/** What folding works with. */
export interface FoldingDependencies {
  readonly config: Pick<Config, 'workers' | 'maxBacklogBytes'>
  readonly pipeline: Pipeline
  readonly log: Pick<Log, 'readLines'>
  readonly ledger: Ledger
  readonly state: EdgeState
  readonly arrivals: Arrivals
  readonly readings: Pick<KeptReadings, 'of' | 'drop'>
  readonly deadLetters: DeadLetterBook
  /** How envelopes that may end the process are folded; as any other when absent. */
  readonly care?: Care
  readonly logger: Logger
  readonly clock: Clock
  readonly trace: Trace
  readonly events: Pick<EnvelopeEvents, 'counted'>
}

/**
 * Folds envelopes and counts each once in the ledger. They come from the router, from the log after a start, and back
 * from the cloud. The workers fold them, or another process where they may end this one.
 */
export class Folding {
  readonly events: EventCounts
  /** Events counted in the burst that came back later: they are counted again at the edge. */
  recalledEvents = 0
  private readonly dying = new DyingEvents()
  readonly workers: Workers
  readonly apart: ApartLane
  readonly unread: Unread
  /** Envelopes that the log left unfinished with their lines, and without them. */
  private readonly unfinished: readonly Envelope[]
  private readonly unattached: readonly EnvelopeHeader[]
  /** The numbers of those of them that are not counted yet. */
  private readonly recovering: Set<number>
  /** Envelopes that came back from the cloud, have their lines, and wait to be folded. */
  private readonly recalled: Envelope[] = []
  private stopped = false

  /** `uncutEvents`: what the log has and no envelope yet. */
  constructor(
    private readonly deps: FoldingDependencies,
    uncutEvents: number,
  ) {
    const { config, pipeline, log, ledger, readings, deadLetters, care, clock, trace } = deps
    this.unfinished = ledger.queued()
    this.unattached = ledger.unattached()
    const headers = [...this.unfinished, ...this.unattached]
    this.recovering = new Set(headers.map(({ number }) => number))
    this.events = { ...foundInLog(ledger, headers, uncutEvents), late: 0, rejected: 0 }
    const onFolded = this.folded.bind(this)
    this.workers = new Workers(foldsWith(pipeline), config.workers, onFolded, clock, {
      deadOf: (envelope) => deadLetters.of?.(envelope),
      readingsOf: ({ number }) => readings.of(number),
      before: (envelope) => care?.suspects.noteFold(envelope),
      onBegin: ({ number }) => trace.envelope(number, { kind: 'folding' }),
    })
    this.apart = new ApartLane(care, onFolded)
    this.unread = new Unread({
      ...{ ledger, log, maxBytes: config.maxBacklogBytes },
      onRead: (envelope) => this.fold(envelope),
      onRecalledRead: (envelope) => {
        this.recalled.push(envelope)
        this.foldRecalled()
      },
    })
  }

  /** Takes up what the log left unfinished. */
  start(): void {
    if (this.recovering.size > 0)
      this.deps.logger.info({ envelopes: this.recovering.size }, 'what the log left unfinished is folded now')
    for (const envelope of this.unfinished) this.fold(envelope)
    this.unread.add(this.unattached)
    this.readOn()
  }

  /** What is folded from now on counts no more. */
  stop(): void {
    this.stopped = true
  }

  /** Envelopes of the log that are not counted yet, and those that are folded apart or wait for that. */
  get waiting(): { readonly recovering: number; readonly apart: number } {
    return { recovering: this.recovering.size, apart: this.apart.backlog.envelopes }
  }

  /** Events that died within the last minute, and what most of them died of. */
  deathsLately(): Deaths {
    return this.dying.lately(this.deps.clock.monotonicMs())
  }

  /** Says in the log that events die, as often as anybody should hear of it. */
  warnOfDying(): void {
    const deaths = this.dying.toTell(this.deps.clock.monotonicMs())
    if (deaths === null) return
    const { events, most } = deaths
    this.deps.logger.warn(
      { events, most },
      'events die: dead letters; GET /v1/dead-letters and the dashboard have them',
    )
  }

  /** Reads more of what waits in the log, where there is room. */
  readOn(): void {
    void this.unread.readOn()
  }

  /**
   * Dead-letters an event that waits to be folded, for a reason of somebody's; on disk when it resolves. Rejects with
   * the error of the disk.
   */
  async takeOut(offset: number, reason: string): Promise<TakenOut> {
    const { ledger, deadLetters } = this.deps
    const found = ledger.find(offset)
    if (found === undefined) return { kind: 'unknown' }
    const { place, envelope } = found
    if (place === 'edge' || place === 'burst') return { kind: 'counted' }
    if (place === 'bursting' || envelope === null) return { kind: 'away' }
    deadLetters.add(envelope, [{ offset, code: 'by_hand', reason }])
    this.workers.keep(envelope.number) // no function knows of it
    await deadLetters.flush()
    return { kind: 'taken' }
  }

  /** The cloud finished an envelope. */
  countedInBurst(envelope: Envelope, letters: readonly DeadLetter[]): void {
    this.events.burst += envelope.count - letters.length
    this.counted(envelope, letters)
  }

  /** The cloud gave an envelope back. */
  reclaimed(envelope: Envelope, cause: ReclaimCause): void {
    if (cause === 'killed') this.deps.care?.suspects.add(envelope)
    if (cause === 'silent') this.deps.care?.suspects.beware(envelope)
    this.foldFirst(envelope)
  }

  /** The cloud will not give a window these envelopes: their lines are read from the log and folded here. */
  async recall(endMs: number, numbers: ReadonlySet<number>, reason: string): Promise<void> {
    const { ledger, logger, events } = this.deps
    const recalled = ledger.recall(endMs, numbers)
    logger.warn({ windowEndMs: endMs, envelopes: recalled.length, reason }, 'envelopes come back from the cloud')
    for (const { header, deadLettered } of recalled) {
      this.events.burst -= header.count - deadLettered
      this.recalledEvents += header.count - deadLettered
      this.events.deadLettered -= deadLettered
    }
    this.unread.addRecalled(recalled.map(({ header }) => header))
    await this.unread.readOn()
    this.foldRecalled() // some may have waited for this window
    events.counted()
  }

  /**
   * Folds recalled envelopes, except those of a window that is being finalized from the cloud's fold: a `map` that
   * answers differently now could dead-letter an event that this window is about to count.
   */
  foldRecalled(): void {
    for (const envelope of this.recalled.splice(0)) {
      if (this.deps.ledger.isFinalizing(envelope.number)) this.recalled.push(envelope)
      else this.foldFirst(envelope)
    }
  }

  private fold(envelope: Envelope): void {
    if (!this.apart.takes(envelope)) this.workers.enqueue(envelope)
  }

  private foldFirst(envelope: Envelope): void {
    if (!this.apart.takes(envelope)) this.workers.enqueueFirst(envelope)
  }

  private folded(envelope: Envelope, partial: EnvelopePartial): void {
    if (this.stopped) return
    if (this.isOutdated(envelope, partial)) {
      this.foldFirst(envelope)
      return
    }
    const { state, ledger, trace } = this.deps
    state.absorb(envelope.horizonMs, partial)
    ledger.countEdge(envelope.number)
    trace.envelope(envelope.number, { kind: 'folded', deadLetters: partial.deadLetters.length })
    this.events.edge += envelope.count - partial.deadLetters.length
    this.counted(envelope, partial.deadLetters)
    this.readOn()
  }

  /** An event was taken out while its envelope was being folded. */
  private isOutdated(envelope: Envelope, { deadLetters }: EnvelopePartial): boolean {
    const dead = this.deps.deadLetters.of?.(envelope)
    return dead !== undefined && dead.size > deadLetters.filter(({ offset }) => dead.has(offset)).length
  }

  private counted(envelope: Envelope, letters: readonly DeadLetter[]): void {
    const { deadLetters, arrivals, readings, clock, logger, events } = this.deps
    readings.drop(envelope.number)
    this.events.deadLettered += letters.length
    this.dying.note(letters, clock.monotonicMs())
    deadLetters.add(envelope, letters)
    arrivals.counted(envelope.number, clock.epochMs())
    if (this.recovering.delete(envelope.number) && this.recovering.size === 0)
      logger.info('what the log had left unfinished is folded')
    events.counted()
  }
}

/** Counts of the events of windows that are not final, as the log has them. */
function foundInLog(ledger: Ledger, unfinished: readonly EnvelopeHeader[], uncutEvents: number) {
  const { edge, burst, deadLettered } = ledger.counted()
  const waiting = unfinished.reduce((events, { count }) => events + count, uncutEvents)
  return { accepted: edge + burst + deadLettered + waiting, edge, burst, deadLettered }
}
