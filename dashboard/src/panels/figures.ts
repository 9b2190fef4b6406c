import type { BurstPartShown, DeadLetterShown, FinalWindow } from '../../../edge-node/observe/feed'

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

/** A part with its share of the whole, 0 to 1. */
export interface PartShare extends BurstPartShown {
  readonly share: number
}

/** The parts with their shares of the usual time of an envelope; none while nothing has come back from the cloud. */
export function partShares(parts: readonly BurstPartShown[]): PartShare[] {
  const usualMs = parts.reduce((sum, { p50 }) => sum + p50, 0)
  return usualMs === 0 ? [] : parts.map((each) => ({ ...each, share: each.p50 / usualMs }))
}

/** Whether a final window adds up; the page checks it again, though no other becomes final. */
export const balances = ({ accepted, edge, burst, deadLettered }: FinalWindow): boolean =>
  accepted === edge + burst + deadLettered
