import type { Agenda } from './agenda'
import type { Arrivals } from './arrivals'
import type { Piece } from './fifo'

/** What the intake asks and tells. */
export interface IntakeHooks {
  readonly ingestMs: number
  readonly maxEvents: () => number
  readonly lingerMs: () => number
  /** How long events are gathered where envelopes do not matter; 0 where they do. */
  readonly grainMs: () => number
  readonly onCut: (piece: Piece) => void
}

/** Events as they arrive, and envelopes as they are cut: after the linger, or when one is full. */
export class Intake {
  envelopes = 0
  /** Of the trace, passed over without the agenda's time. */
  skippedMs = 0
  skippedEvents = 0
  /** The next event to be cut, by its number in the trace. */
  private next = 0
  private isLingering = false
  /** Counts waits: after a skip the one before is void. */
  private waits = 0

  constructor(
    private readonly agenda: Agenda,
    private readonly arrivals: Arrivals,
    private readonly hooks: IntakeHooks,
  ) {
    this.await()
  }

  get traceMs(): number {
    return this.agenda.nowMs + this.skippedMs
  }

  /** Events accepted so far, and those of them that are not cut. */
  get accepted(): number {
    return Math.max(this.next, this.arrivals.dueAt(this.traceMs - this.hooks.ingestMs))
  }

  get open(): number {
    return this.accepted - this.next
  }

  /** Passes over the next `ms` of the trace and returns how many events would have been accepted in them. */
  skip(ms: number): number {
    const before = this.accepted
    this.skippedMs += ms
    const events = this.accepted - before
    this.next += events
    this.skippedEvents += events
    if (!this.isLingering) this.await()
    return events
  }

  private await(): void {
    const wait = ++this.waits
    this.isLingering = false
    if (this.next >= this.arrivals.total) return
    this.agenda.at(this.acceptedAtMs(this.next), () => {
      if (wait === this.waits) this.linger()
    })
  }

  private acceptedAtMs(event: number): number {
    if (event >= this.arrivals.total) return Number.POSITIVE_INFINITY
    return this.arrivals.timeOf(event) + this.hooks.ingestMs - this.skippedMs
  }

  private linger(): void {
    this.isLingering = true
    const { ingestMs, maxEvents, lingerMs, grainMs } = this.hooks
    const grain = grainMs()
    if (grain > 0) {
      // Within a bin events come evenly, and so they do in the piece.
      const binEndMs = this.arrivals.rateAt(this.traceMs - ingestMs).untilMs + ingestMs - this.skippedMs
      this.agenda.at(Math.min(this.agenda.nowMs + grain, binEndMs), () => this.cut(true))
    } else {
      const fullMs = this.acceptedAtMs(this.next + maxEvents() - 1)
      this.agenda.at(Math.min(this.agenda.nowMs + lingerMs(), fullMs), () => this.cut(false))
    }
  }

  private cut(isFluid: boolean): void {
    const events = Math.max(1, Math.min(this.open, isFluid ? this.open : this.hooks.maxEvents()))
    const firstMs = this.acceptedAtMs(this.next) - this.hooks.ingestMs
    this.next += events
    const lastMs = this.acceptedAtMs(this.next - 1) - this.hooks.ingestMs
    this.hooks.onCut({ number: this.envelopes++, events, firstMs, lastMs, isFluid })
    this.await()
  }
}
