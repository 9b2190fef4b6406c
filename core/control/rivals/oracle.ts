import type { Policy } from '../control'

/**
 * What an oracle knows: the share of the events of each bin that will have to be diverted, 0 to 1, the first bin
 * beginning with the first event; and how long an envelope may wait at the edge.
 */
export interface OraclePlan {
  readonly binMs: number
  readonly shares: readonly number[]
  readonly limitMs: number
}

/** When the first event was seen; null before. */
export type OracleState = { readonly firstMs: number } | null

const PREWARM_MS = 10_000 // far longer than a cold start takes: an oracle is never late

/**
 * Knows the trace, so functions are warm before they are needed. It diverts what would wait at the edge longer than the
 * limit, and nothing else: that is the least possible (see `core/control/least-overflow.ts`). It does not divert by the
 * computed shares, since an error of one moment would then stay for ever. What it diverts takes as long in the cloud as
 * with any other policy.
 */
export function oracle(known: OraclePlan): Policy<OracleState> {
  const { binMs, shares, limitMs } = known
  if (!(binMs > 0)) throw new RangeError(`the bins of an oracle's plan have to be longer than ${binMs} ms`)
  const plan = { kind: 'valve', limitMs, prime: false } as const
  return {
    start: null,
    decide(state, facts, nowMs) {
      const hasBegun = facts.arrivalRate > 0 || facts.backlogEvents > 0
      const next = state ?? (hasBegun ? { firstMs: nowMs } : null)
      const sinceMs = next === null ? 0 : nowMs - next.firstMs
      const share = next === null ? 0 : (shares[Math.floor(sinceMs / binMs)] ?? 0)
      const reason = `${(share * 100).toFixed(1)} % of this bin will have to be diverted: what would wait longer than ${limitMs.toFixed(0)} ms`
      return [next, { plan, bursting: share > 0, prewarm: willDivert(known, sinceMs), reason }]
    },
  }
}

function willDivert({ binMs, shares }: OraclePlan, sinceMs: number): boolean {
  return shares
    .slice(Math.floor(sinceMs / binMs), Math.floor((sinceMs + PREWARM_MS) / binMs) + 1)
    .some((share) => share > 0)
}
