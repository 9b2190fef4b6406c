import type { BurstPartShown } from '../../../edge-node/observe/feed'

/** A part with its share of the whole, 0 to 1. */
export interface PartShare extends BurstPartShown {
  readonly share: number
}

/** The parts with their shares of the usual time of an envelope; none while nothing has come back from the cloud. */
export function partShares(parts: readonly BurstPartShown[]): PartShare[] {
  const usualMs = parts.reduce((sum, { p50 }) => sum + p50, 0)
  return usualMs === 0 ? [] : parts.map((each) => ({ ...each, share: each.p50 / usualMs }))
}
