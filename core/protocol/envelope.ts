/** The part of an envelope that names it and says how to read it; all of it is fixed when the envelope is cut. */
export interface EnvelopeHeader {
  readonly pipeline: string
  /** Hash of the pipelines' bundle: a function of another version refuses the envelope. */
  readonly version: string
  /** Random id of the log that the envelope was cut from. */
  readonly incarnation: string
  /** Dense number within the incarnation, from 0. */
  readonly number: number
  /** Offset of the first event; the others follow without a gap. */
  readonly firstOffset: number
  readonly count: number
  /**
   * Closed horizon when it was cut: windows that end at or before it are not folded. -Infinity when nothing was closed.
   */
  readonly horizonMs: number
  /** SHA-256 over `digestInput`, in hex: what makes the number mean this content and no other. */
  readonly digest: string
}

/** A run of accepted events, as raw lines. */
export interface Envelope extends EnvelopeHeader {
  readonly lines: readonly string[]
}

/**
 * What an envelope's digest covers: the lines, and everything of the header that decides how they count. A log that was
 * restored from an old copy gives the same numbers to other envelopes; their digests differ, so nothing old is taken
 * for theirs.
 */
export function digestInput(header: Omit<EnvelopeHeader, 'digest'>, lines: readonly string[]): readonly string[] {
  const { pipeline, version, incarnation, number, firstOffset, count, horizonMs } = header
  return [JSON.stringify([pipeline, version, incarnation, number, firstOffset, count, horizonMs]), ...lines]
}
