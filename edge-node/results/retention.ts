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
 * Which finals to take away now; null when none. The oldest go first, so that the numbers of the rest stay dense, and
 * the newest stays. A window that ends after one that is not final (`unfinishedEndMs`) stays as well: so every window
 * that ends before what was taken away was final.
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
