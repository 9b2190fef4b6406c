import type { Answer } from './log-record'
import type { KeySpan } from './remembered-answers'

/** An answer as older versions wrote it; the oldest did not write the digest of the body. */
export type OldAnswer = readonly [key: string, answer: Answer, bodyDigest?: string | null]

/** The state of admission at a place in the log where nothing is uncut. Infinities are null. */
export interface IntakeSnapshot {
  readonly offset: number
  readonly envelopes: number
  readonly closedMs: number | null
  readonly newestMs: number | null
  /** The answers that are remembered are in files of their own. */
  readonly keys?: KeySpan
  /** In a checkpoint that an older version wrote they were inside, and `keys` was absent. */
  readonly answers?: readonly OldAnswer[]
  readonly openPanes: readonly (readonly [number, number])[]
}
