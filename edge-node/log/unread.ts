import type { Envelope, EnvelopeHeader } from '../../core/protocol/envelope'
import type { Ledger } from '../../core/protocol/ledger'
import { attachLines } from './attach-lines'
import type { Log } from './log'

/** Where lines are read from, and who gets them. */
export interface UnreadDependencies {
  readonly ledger: Ledger
  readonly log: Pick<Log, 'readLines'>
  /** Lines of queued envelopes that memory may hold. */
  readonly maxBytes: number
  readonly onRead: (envelope: Envelope) => void
  readonly onRecalledRead: (envelope: Envelope) => void
}

/**
 * Queued envelopes whose lines are only in the log: after a start those that did not fit memory, after a recall those
 * that came back. Their lines are read as earlier envelopes are folded, so memory stays bounded.
 */
export class Unread {
  private readonly waiting: EnvelopeHeader[] = []
  private readonly recalled: EnvelopeHeader[] = []
  private reading = false
  private left = { events: 0, bytes: 0 }

  constructor(private readonly deps: UnreadDependencies) {}

  /** After a start. */
  add(headers: readonly EnvelopeHeader[]): void {
    for (const header of inOrder(headers)) this.waiting.push(header)
    this.count()
  }

  /** They came back from the cloud, and go first. */
  addRecalled(headers: readonly EnvelopeHeader[]): void {
    for (const header of inOrder(headers)) this.recalled.push(header)
    this.count()
  }

  /** What waits to be read: part of the backlog. */
  get backlog(): { readonly events: number; readonly bytes: number } {
    return this.left
  }

  /** Reads some when half of what may be held is done with. Rejects with CannotRecover when the log has lost them. */
  async readOn(): Promise<void> {
    const { ledger, maxBytes } = this.deps
    if (this.reading) return
    this.reading = true
    try {
      while (this.recalled.length + this.waiting.length > 0 && ledger.queuedBytes <= maxBytes / 2) await this.readSome()
    } finally {
      this.reading = false
    }
  }

  private async readSome(): Promise<void> {
    const { ledger, log, maxBytes, onRead, onRecalledRead } = this.deps
    const [headers, onEach] = this.recalled.length > 0 ? [this.recalled, onRecalledRead] : [this.waiting, onRead]
    const read = await attachLines(ledger, log, headers, maxBytes)
    this.count()
    for (const envelope of read) onEach(envelope)
  }

  private count(): void {
    let [events, bytes] = [0, 0]
    for (const { number, count } of [...this.recalled, ...this.waiting]) {
      events += count
      bytes += this.deps.ledger.bytesOf(number)
    }
    this.left = { events, bytes }
  }
}

const inOrder = (headers: readonly EnvelopeHeader[]) => [...headers].sort((a, b) => a.firstOffset - b.firstOffset)
