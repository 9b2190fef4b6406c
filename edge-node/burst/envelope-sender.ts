import type { LaneKey } from '../../core/control/lane-keys'
import type { Envelope } from '../../core/protocol/envelope'

/** A way for envelopes to the functions: through the stream, or by calling the function. */
export interface EnvelopeSender {
  /**
   * Sends an envelope. Returns at once and never throws; the hooks tell what came of it. From `reclaimAtMs` on (epoch
   * ms) the edge takes the envelope back by itself, so a sender may then drop it. `key` is its place in the stream, for
   * a sender that writes to one.
   */
  send(envelope: Envelope, reclaimAtMs: number, key: LaneKey): void
  counters(): SendCounters
}

/** What a sender tells, and when. */
export interface SenderHooks {
  /** The envelope is on its way: the stream has it, or the call with it has begun. Once for each envelope. */
  readonly accepted: (envelope: Envelope) => void
  /**
   * The cloud did not take it, whatever was tried, for `reason` in words: an outage, or only throttled. Once at most,
   * and nothing follows it.
   */
  readonly failed: (envelope: Envelope, isOutage: boolean, reason: string) => void
  /**
   * A hint: a function says that it has finished the envelope, so its head can be read at once. Only the head counts.
   */
  readonly finished: (envelope: Envelope) => void
}

/** What happened on the way to the functions; cumulative. */
export interface SendCounters {
  /** Records that the stream took, their bytes, and its billing units of 25 KB; 0 where no stream is used. */
  readonly records: number
  readonly bytes: number
  readonly putUnits: number
  /** Calls of the function that were let in, empty ones not included; 0 where the stream makes them. */
  readonly invocations: number
  /** Tries that came back throttled. */
  readonly throttled: number
  /** Envelopes that were not taken in the end. */
  readonly failed: number
  /** Time of the node's thread for sealing and serializing. */
  readonly divertMs: number
}

/** Makes a sender that tells these hooks. */
export type Transport = (hooks: SenderHooks) => EnvelopeSender
