import type { WorkCounters } from '../../core/control/true-rate'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { Envelope } from '../../core/protocol/envelope'
import { type EnvelopePartial, type FoldTerms, foldEnvelope } from '../../core/protocol/fold'
import { thrownAt } from '../../program/thrown-at'
import { type Clock, systemClock } from '../observe/clock'

const MAX_HELD_MS = 5 // how often a `map` that computes lets requests, the log and the controller have the thread
const MOST_UNASKED = 16 // events between two looks at the clock: a look costs a twentieth of folding the cheapest event

/** Folds one envelope. Rejects only for a bug. */
export type FoldOne<Folded> = (envelope: Envelope, terms: FoldTerms) => Promise<Folded>

/** Folds in this thread. */
export const foldsWith =
  (pipeline: Pipeline): FoldOne<EnvelopePartial> =>
  (envelope, terms) =>
    foldEnvelope(pipeline, envelope, { placeOf: thrownAt, ...terms })

/** What is asked and told about each fold; nothing where it is absent. */
export interface FoldHooks {
  /** What an earlier fold of the envelope dead-lettered. */
  readonly deadOf?: (envelope: Envelope) => FoldTerms['dead']
  /** What ingest has read of the envelope. */
  readonly readingsOf?: (envelope: Envelope) => FoldTerms['readings']
  /** What has to be on disk before the envelope is folded here; undefined where nothing has. */
  readonly before?: (envelope: Envelope) => Promise<void> | undefined
  readonly onBegin?: (envelope: Envelope) => void
}

/** Folds envelopes at the edge, a bounded number side by side, in order; reclaimed ones go first. */
export class Workers<Folded = EnvelopePartial> {
  /**
   * Envelopes that came back from the cloud, or have dead events that no function knows of. They go first, and never to
   * the cloud again.
   */
  private readonly reclaimed: Envelope[] = []
  private readonly queue: Envelope[] = []
  private running = 0
  private waitingEvents = 0
  private waitingBytes = 0
  private foldedEvents = 0
  private busySinceMs = 0
  private busyTotalMs = 0
  private heldMs = 0
  private waits = true
  /** Since when folding has held the thread. */
  private heldSinceMs = 0
  private unasked = 0
  /** How many events may pass without a look: fewer where they turned out to be expensive. */
  private mayPass = MOST_UNASKED
  /** Whether an event was waited for since then. */
  private waited = false
  private pausing: Promise<void> | undefined
  private readonly onProgress = (events: number) => {
    this.waitingEvents -= events
    this.foldedEvents += events
  }

  /** Lets everything else have its turn when folding may have held the thread for long. */
  private readonly pause = (waited: boolean): Promise<void> | undefined => {
    this.waited ||= waited
    this.unasked += 1
    if (this.pausing !== undefined || this.unasked < this.mayPass) return this.pausing
    this.unasked = 0
    const nowMs = this.clock.monotonicMs()
    const heldMs = nowMs - this.heldSinceMs
    this.mayPass = nextPass(this.mayPass, heldMs)
    if (heldMs < MAX_HELD_MS) return undefined
    if (!this.waited) this.heldMs += heldMs
    this.heldSinceMs = nowMs
    this.pausing = new Promise((resume) => this.clock.soon(() => this.resume(resume)))
    return this.pausing
  }

  private stillHeld(): void {
    const nowMs = this.clock.monotonicMs()
    this.heldMs += nowMs - this.heldSinceMs
    this.heldSinceMs = nowMs
  }

  private resume(go: () => void): void {
    this.pausing = undefined
    this.waited = false
    this.heldSinceMs = this.clock.monotonicMs()
    go()
  }

  constructor(
    private readonly foldOne: FoldOne<Folded>,
    private readonly concurrency: number,
    private readonly onFolded: (envelope: Envelope, folded: Folded) => void,
    private readonly clock: Clock = systemClock,
    private readonly hooks: FoldHooks = {},
  ) {}

  enqueue(envelope: Envelope): void {
    const queue = this.hooks.deadOf?.(envelope) === undefined ? this.queue : this.reclaimed
    queue.push(envelope)
    this.entered(envelope)
  }

  enqueueFirst(envelope: Envelope): void {
    this.reclaimed.push(envelope)
    this.entered(envelope)
  }

  /** An envelope that waits here may not go to the cloud any more. */
  keep(number: number): void {
    const at = this.queue.findIndex((envelope) => envelope.number === number)
    if (at >= 0) this.reclaimed.push(...this.queue.splice(at, 1))
  }

  /** The envelope that would wait longest, unless it was in the cloud before. */
  get last(): Envelope | undefined {
    return this.queue.at(-1)
  }

  /** Gives that one up. */
  takeLast(): Envelope | undefined {
    const envelope = this.queue.pop()
    if (envelope === undefined) return undefined
    this.waitingEvents -= envelope.count
    this.waitingBytes -= bytesOf(envelope)
    return envelope
  }

  /**
   * Events not yet folded, what is left of envelopes in progress included. Bytes of all envelopes not yet done: until
   * then they are in memory.
   */
  get backlog(): { readonly events: number; readonly bytes: number } {
    return { events: this.waitingEvents, bytes: this.waitingBytes }
  }

  counters(): WorkCounters {
    const sinceMs = this.running > 0 ? this.clock.monotonicMs() - this.busySinceMs : 0
    return {
      folded: this.foldedEvents,
      busyMs: this.busyTotalMs + sinceMs,
      waiting: this.queue.length + this.reclaimed.length > 0,
      heldMs: this.heldMs,
      waits: this.waits,
    }
  }

  private entered(envelope: Envelope): void {
    this.waitingEvents += envelope.count
    this.waitingBytes += bytesOf(envelope)
    this.startNext()
  }

  private startNext(): void {
    if (this.running >= this.concurrency) return
    const envelope = this.reclaimed.shift() ?? this.queue.shift()
    if (envelope === undefined) return
    if (this.running === 0) this.busySinceMs = this.clock.monotonicMs()
    this.running += 1
    void this.fold(envelope)
  }

  // A fold rejects only for a bug, and a bug ends the process: the log has everything.
  private async fold(envelope: Envelope): Promise<void> {
    const noted = this.hooks.before?.(envelope)
    if (noted !== undefined) await noted
    this.hooks.onBegin?.(envelope)
    const { clock, onProgress } = this
    let paused = false
    let waits = false
    const pause = (waited: boolean) => {
      waits ||= waited
      const pausing = this.pause(waited)
      paused ||= pausing !== undefined
      return pausing
    }
    const before = this.foldedEvents
    this.heldSinceMs = clock.monotonicMs()
    const [dead, readings] = [this.hooks.deadOf?.(envelope), this.hooks.readingsOf?.(envelope)]
    const terms = { timers: clock, dead, readings, onProgress, pause }
    const folding = this.foldOne(envelope, terms)
    if (!paused) {
      this.stillHeld() // until now, when it has come back to wait, or is done
      waits = this.foldedEvents - before < envelope.count
    }
    const folded = await folding
    if (paused && !waits) this.stillHeld()
    this.waits = waits
    this.running -= 1
    if (this.running === 0) this.busyTotalMs += this.clock.monotonicMs() - this.busySinceMs
    this.waitingBytes -= bytesOf(envelope)
    this.onFolded(envelope, folded)
    this.startNext()
  }
}

/** Half as many when the thread was held for twice as long as it may be, and twice as many when there was time left. */
function nextPass(events: number, heldMs: number): number {
  if (heldMs >= 2 * MAX_HELD_MS) return Math.max(1, events / 2)
  return heldMs < MAX_HELD_MS ? Math.min(MOST_UNASKED, events * 2) : events
}

/** Length of its lines, newlines included. */
export const bytesOf = ({ lines }: Envelope): number => lines.reduce((bytes, line) => bytes + line.length + 1, 0)
