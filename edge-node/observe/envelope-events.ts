import type { Envelope } from '../../core/protocol/envelope'
import type { DeadLetter } from '../../core/protocol/fold'
import type { FinalRecord } from '../../core/protocol/log-record'
import type { MergeWork } from '../../core/protocol/protocol'

/**
 * What may be wrong with an envelope that comes back: an event of it has ended a function; nothing was heard of it,
 * which may be the same; or nothing that matters to who folds it next.
 */
export type ReclaimCause = 'killed' | 'silent' | 'other'

/**
 * What the parts of the node tell each other, in the order of an envelope's way. `EdgeNode` implements all of it, so
 * that who calls whom is read in one place; each part takes the methods that it calls.
 */
export interface EnvelopeEvents {
  /** The cut is in the log for good: the envelope may go its way. */
  durable(envelope: Envelope): void
  /** The cloud finished an envelope, and the ledger counts it there. */
  countedInBurst(envelope: Envelope, letters: readonly DeadLetter[]): void
  /** The cloud did not finish an envelope: it is to be folded at the edge. */
  reclaimed(envelope: Envelope, cause: ReclaimCause): void
  /** The ledger counts another envelope: windows may be complete. */
  counted(): void
  /** The merge function has worked for a window. */
  merged(work: MergeWork): void
  /** The cloud will not give these envelopes of a window: the edge has to fold them. */
  recalled(endMs: number, envelopes: ReadonlySet<number>, reason: string): Promise<void>
  /** The final record is in the log: the window can be let go. */
  final(final: FinalRecord): void
}
