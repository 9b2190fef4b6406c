import type { Envelope } from '../core/envelope'
import { type EnvelopePartial, type FoldTerms, foldEnvelope } from '../core/fold'
import type { Pipeline } from '../core/pipeline'
import { type Clock, systemClock } from './clock'

/** Folds envelopes at the edge, a bounded number side by side, in order; reclaimed ones go first. */
export class Workers {
  /** Taken back from the cloud, or with events that are dead already, which no function knows: they go first, and never there again. */
  private readonly reclaimed: Envelope[] = []
  private readonly queue: Envelope[] = []
  private running = 0
  private waitingEvents = 0
  private waitingBytes = 0
  private foldedEvents = 0
  private busySinceMs = 0
  private busyTotalMs = 0

  constructor(
    private readonly pipeline: Pipeline,
    private readonly concurrency: number,
    private readonly onFolded: (envelope: Envelope, partial: EnvelopePartial) => void,
    private readonly clock: Clock = systemClock,
    /** What an earlier fold of the envelope dead-lettered. */
    private readonly deadOf: (envelope: Envelope) => FoldTerms['dead'] = () => undefined,
  ) {}

  enqueue(envelope: Envelope): void {
    const queue = this.deadOf(envelope) === undefined ? this.queue : this.reclaimed
    queue.push(envelope)
    this.entered(envelope)
  }

  enqueueFirst(envelope: Envelope): void {
    this.reclaimed.push(envelope)
    this.entered(envelope)
  }

  /** Gives the envelope up that would wait longest, unless it was in the cloud before. */
  takeLast(): Envelope | undefined {
    const envelope = this.queue.pop()
    if (envelope !== undefined) this.left(envelope)
    return envelope
  }

  /** Events and bytes entered and not yet folded. */
  get backlog(): { readonly events: number; readonly bytes: number } {
    return { events: this.waitingEvents, bytes: this.waitingBytes }
  }

  /** Cumulative: events folded, and ms with at least one fold in progress. */
  counters(): { readonly folded: number; readonly busyMs: number } {
    const sinceMs = this.running > 0 ? this.clock.monotonicMs() - this.busySinceMs : 0
    return { folded: this.foldedEvents, busyMs: this.busyTotalMs + sinceMs }
  }

  private entered(envelope: Envelope): void {
    this.waitingEvents += envelope.count
    this.waitingBytes += bytesOf(envelope)
    this.startNext()
  }

  private left(envelope: Envelope): void {
    this.waitingEvents -= envelope.count
    this.waitingBytes -= bytesOf(envelope)
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
    const partial = await foldEnvelope(this.pipeline, envelope, { timers: this.clock, dead: this.deadOf(envelope) })
    this.running -= 1
    if (this.running === 0) this.busyTotalMs += this.clock.monotonicMs() - this.busySinceMs
    this.foldedEvents += envelope.count
    this.left(envelope)
    this.onFolded(envelope, partial)
    this.startNext()
  }
}

const bytesOf = ({ lines }: Envelope) => lines.reduce((bytes, line) => bytes + line.length + 1, 0)
