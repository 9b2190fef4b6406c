import type { Envelope } from '../../core/protocol/envelope'
import type { Intake } from '../../core/protocol/intake'
import type { Ledger } from '../../core/protocol/ledger'
import type { LogRecord } from '../../core/protocol/log-record'
import type { EnvelopeEvents } from '../observe/envelope-events'
import type { Trace } from '../observe/observe'
import type { Arrivals } from './arrivals'
import type { KeptReadings } from './kept-readings'

/** What cutting needs. */
export interface CutterDependencies {
  readonly intake: Intake
  readonly ledger: Ledger
  readonly arrivals: Arrivals
  readonly readings: Pick<KeptReadings, 'keep'>
  readonly maxEnvelopeBytes: number
  /** How many events an envelope may have now; it may have a few more when its lines are shorter than most. */
  readonly maxEnvelopeEvents: () => number
  readonly trace: Trace
  readonly events: Pick<EnvelopeEvents, 'durable'>
}

/** Makes envelopes of what was accepted. Each is on the books at once, and goes its way when its record is durable. */
export class Cutter {
  /** Envelopes cut so far. */
  envelopes = 0
  private waitingEvents = 0
  private waitingBytes = 0

  constructor(private readonly deps: CutterDependencies) {}

  /** Cut, with a record on its way to the disk: part of the backlog. */
  get waiting(): { readonly events: number; readonly bytes: number } {
    return { events: this.waitingEvents, bytes: this.waitingBytes }
  }

  /** Cuts what has reached the size of an envelope; the rest lingers. */
  due(): LogStep {
    const due: LogStep[] = []
    while (this.deps.intake.open.bytes >= this.maxBytes()) due.push(this.one())
    return joinSteps(due)
  }

  /** Cuts everything. */
  all(): LogStep {
    const all: LogStep[] = []
    while (this.deps.intake.open.events > 0) all.push(this.one())
    return joinSteps(all)
  }

  /** The bytes of as many events as an envelope may have, going by those that are open. */
  private maxBytes(): number {
    const { maxEnvelopeBytes, maxEnvelopeEvents, intake } = this.deps
    const { events, bytes } = intake.open
    return events === 0
      ? maxEnvelopeBytes
      : Math.min(maxEnvelopeBytes, Math.ceil((maxEnvelopeEvents() * bytes) / events))
  }

  private one(): LogStep {
    const made = this.deps.intake.cut(this.maxBytes())
    if (made === null) return { records: [] }
    const { number, firstOffset, count } = made.cut.envelope
    const arrivedMs = this.deps.arrivals.cutEnvelope(number, firstOffset, count)
    this.deps.trace.envelope(number, { kind: 'cut', events: count, arrivedMs })
    this.deps.ledger.enter(made.cut)
    this.deps.readings.keep(number, made.cut.readings)
    this.envelopes += 1
    this.waitingEvents += count
    this.waitingBytes += made.cut.bytes
    return { records: [made.record], proceed: () => this.durable(made.cut.envelope, made.cut.bytes) }
  }

  private durable(envelope: Envelope, bytes: number): void {
    this.waitingEvents -= envelope.count
    this.waitingBytes -= bytes
    this.deps.trace.envelope(envelope.number, { kind: 'durable' })
    this.deps.events.durable(envelope)
  }
}

/** What a step of the node adds to the log, and what to do once that is durable. */
export interface LogStep {
  readonly records: readonly LogRecord[]
  readonly proceed?: () => void
}

/** All of them, in this order. */
export function joinSteps(steps: readonly LogStep[]): LogStep {
  if (steps.length === 0) return { records: [] }
  return {
    records: steps.flatMap(({ records }) => records),
    proceed: () => {
      for (const { proceed } of steps) proceed?.()
    },
  }
}
