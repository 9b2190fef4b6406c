import type { DeadLetterShown } from '../../../edge-node/observe/feed'

/** A reason, and how many of the letters have it. */
export interface ReasonCount {
  readonly code: string
  readonly reason: string
  readonly letters: number
}

/** The reasons, the most frequent first. */
export function reasonsOf(letters: readonly Pick<DeadLetterShown, 'code' | 'reason'>[]): ReasonCount[] {
  const counts = new Map<string, ReasonCount>()
  for (const { code, reason } of letters) {
    const before = counts.get(`${code} ${reason}`)
    counts.set(`${code} ${reason}`, { code, reason, letters: (before?.letters ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.letters - a.letters)
}
