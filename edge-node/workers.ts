import type { Envelope } from '../core/envelope'
import { type EnvelopePartial, foldEnvelope } from '../core/fold'
import type { Pipeline } from '../core/pipeline'

/** Folds envelopes at the edge, a bounded number side by side, in order; reclaimed ones go first. */
export class Workers {
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
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  enqueue(envelope: Envelope): void {
    this.queue.push(envelope)
    this.entered(envelope)
  }

  enqueueFirst(envelope: Envelope): void {
    this.queue.unshift(envelope)
    this.entered(envelope)
  }

  /** Events and bytes entered and not yet folded. */
  get backlog(): { readonly events: number; readonly bytes: number } {
    return { events: this.waitingEvents, bytes: this.waitingBytes }
  }

  /** Cumulative: events folded, and ms with at least one fold in progress. */
  counters(): { readonly folded: number; readonly busyMs: number } {
    const sinceMs = this.running > 0 ? this.nowMs() - this.busySinceMs : 0
    return { folded: this.foldedEvents, busyMs: this.busyTotalMs + sinceMs }
  }

  private entered(envelope: Envelope): void {
    this.waitingEvents += envelope.count
    this.waitingBytes += bytesOf(envelope)
    this.startNext()
  }

  private startNext(): void {
    if (this.running >= this.concurrency) return
    const envelope = this.queue.shift()
    if (envelope === undefined) return
    if (this.running === 0) this.busySinceMs = this.nowMs()
    this.running += 1
    void this.fold(envelope)
  }

  // A fold rejects only for a bug, and a bug ends the process: the log has everything.
  private async fold(envelope: Envelope): Promise<void> {
    const partial = await foldEnvelope(this.pipeline, envelope)
    this.running -= 1
    if (this.running === 0) this.busyTotalMs += this.nowMs() - this.busySinceMs
    this.foldedEvents += envelope.count
    this.waitingEvents -= envelope.count
    this.waitingBytes -= bytesOf(envelope)
    this.onFolded(envelope, partial)
    this.startNext()
  }
}

const bytesOf = ({ lines }: Envelope) => lines.reduce((bytes, line) => bytes + line.length + 1, 0)
