/** How long results are kept: what passes either limit goes, oldest first. */
export interface RetentionLimits {
  readonly ageMs: number
  /** Of the result files. */
  readonly bytes: number
}

/** The finals that are kept, by their dense numbers. */
export interface KeptFinals {
  readonly first: number
  /** The number of the next one. */
  readonly next: number
  /** Of all their result files. */
  readonly bytes: number
  /** When it became final. */
  atMs(number: number): number
  endMs(number: number): number
  fileBytes(number: number): number
}

/** Finals before a number, none of which ends after a time. */
export interface Expired {
  readonly before: number
  readonly toMs: number
}

const MAX_AT_ONCE = 10_000 // finals let go in one step: some milliseconds of the thread that also takes events

/**
 * Which finals to let go now; null when none. Only from the oldest on, so that what is kept has dense numbers; the
 * newest stays. So does whatever ends after a window that is not final (`unfinishedEndMs`): then each window that ends
 * before what is let go was final.
 */
export function expired(
  finals: KeptFinals,
  limits: RetentionLimits,
  nowMs: number,
  unfinishedEndMs = Number.POSITIVE_INFINITY,
): Expired | null {
  let { first: before, bytes } = finals
  let toMs = Number.NEGATIVE_INFINITY
  const last = Math.min(finals.next - 1, finals.first + MAX_AT_ONCE)
  for (; before < last; before++) {
    const isOver = nowMs - finals.atMs(before) > limits.ageMs || bytes > limits.bytes
    const endMs = finals.endMs(before)
    if (!isOver || endMs >= unfinishedEndMs) break
    bytes -= finals.fileBytes(before)
    toMs = Math.max(toMs, endMs)
  }
  return before === finals.first ? null : { before, toMs }
}
