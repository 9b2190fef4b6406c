import type { Policy } from '../running-policy'

/**
 * What is to be diverted of the events of each bin, as shares of 0 to 1. The first bin begins with the first event;
 * after the last, nothing is.
 */
export interface SharePlan {
  readonly binMs: number
  readonly shares: readonly number[]
}

/** When the first event was seen; null before. */
export type OracleState = { readonly firstMs: number } | null

const PREWARM_MS = 10_000 // far longer than a cold start takes: an oracle is never late

/**
 * Knows the trace: diverts the least that keeps the latency target (`core/least-overflow.ts`), with functions warm
 * before they are needed.
 */
export function oracle(plan: SharePlan): Policy<OracleState> {
  if (!(plan.binMs > 0)) throw new RangeError(`the bins of an oracle's plan have to be longer than ${plan.binMs} ms`)
  return {
    start: null,
    decide(state, facts, nowMs) {
      const hasBegun = facts.arrivalRate > 0 || facts.backlogEvents > 0
      const next = state ?? (hasBegun ? { firstMs: nowMs } : null)
      const sinceMs = next === null ? 0 : nowMs - next.firstMs
      const share = next === null ? 0 : (plan.shares[Math.floor(sinceMs / plan.binMs)] ?? 0)
      const reason = `the plan diverts ${(share * 100).toFixed(1)} % of this bin`
      const prewarm = willDivert(plan, sinceMs)
      return [next, { plan: { kind: 'share', share }, bursting: share > 0, prewarm, reason }]
    },
  }
}

function willDivert({ binMs, shares }: SharePlan, sinceMs: number): boolean {
  return shares
    .slice(Math.floor(sinceMs / binMs), Math.floor((sinceMs + PREWARM_MS) / binMs) + 1)
    .some((share) => share > 0)
}
