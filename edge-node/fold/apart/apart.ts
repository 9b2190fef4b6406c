// For: envelopes that may end the process are folded in one that may.
// In: suspects.
// Out: their partials; the events that killed, as dead letters.

import type { Envelope } from '../../../core/protocol/envelope'
import type { EnvelopePartial } from '../../../core/protocol/fold'
import type { Suspects } from '../suspects'
import { bytesOf } from '../workers'

/** What keeps an event that ends its process from ending the node again and again. */
export interface Care {
  readonly suspects: Pick<Suspects, 'has' | 'add' | 'beware' | 'noteFold' | 'close'>
  /** Null when it was closed meanwhile. */
  readonly foldApart: (envelope: Envelope) => Promise<EnvelopePartial | null>
}

/** The envelopes that are folded apart. They take no time of this process, so they are no reason to burst. */
export class ApartLane {
  private events = 0
  private held = 0
  private envelopes = 0

  constructor(
    private readonly care:
      | { readonly suspects: Pick<Suspects, 'has'>; readonly foldApart: Care['foldApart'] }
      | undefined,
    private readonly onFolded: (envelope: Envelope, partial: EnvelopePartial) => void,
  ) {}

  /** Takes the envelope where it is suspect; false where it may be folded here. */
  takes(envelope: Envelope): boolean {
    if (this.care?.suspects.has(envelope) !== true) return false
    this.add(envelope, 1)
    void this.care.foldApart(envelope).then((partial) => {
      this.add(envelope, -1)
      if (partial !== null) this.onFolded(envelope, partial)
    })
    return true
  }

  /** What waits here or is at work. */
  get backlog(): { readonly envelopes: number; readonly events: number; readonly bytes: number } {
    return { envelopes: this.envelopes, events: this.events, bytes: this.held }
  }

  private add(envelope: Envelope, sign: 1 | -1): void {
    this.envelopes += sign
    this.events += sign * envelope.count
    this.held += sign * bytesOf(envelope)
  }
}
