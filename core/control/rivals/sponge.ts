import type { Policy } from '../control'
import { type Facts, queueDelayMs } from '../control'

/** `share` bursts now; `heavyMs`: when the load was last too much. */
export interface SpongeState {
  readonly share: number
  readonly sampledMs: number
  readonly heavyMs: number
}

const TICK_MS = 1_000
const BACKLOG_MS = 2_000 // of processing that wait: more is a burst
const HEADROOM = 0.1 // offloaded beyond the excess, so that the backlog shrinks
const MAX_SHARE = 0.95
const SLACK_MS = 10_000

/**
 * Sponge (Song et al., "Sponge: Fast Reactive Scaling for Stream Processing with Serverless Frameworks", USENIX ATC
 * '23): looks once a second, offloads when more waits than two seconds of processing take, min(0.95, 1 - processing
 * rate / input rate + 0.1) of the input, and goes on for ten seconds after the last such second. Its functions are a
 * pool that is kept warm, so here they are warmed at all times.
 */
export const SPONGE: Policy<SpongeState> = {
  start: { share: 0, sampledMs: Number.NEGATIVE_INFINITY, heavyMs: Number.NEGATIVE_INFINITY },
  decide(state, facts, nowMs) {
    const next = nowMs - state.sampledMs < TICK_MS ? state : sampled(state, facts, nowMs)
    const { share } = next
    const reason =
      share > 0
        ? `${(share * 100).toFixed(0)} % offloaded, more than ${BACKLOG_MS / 1000} s of work waited less than ${SLACK_MS / 1000} s ago`
        : `at most ${BACKLOG_MS / 1000} s of work wait`
    return [next, { plan: { kind: 'share', share }, bursting: share > 0, prewarm: true, reason }]
  },
}

function sampled(state: SpongeState, facts: Facts, nowMs: number): SpongeState {
  const isHeavy = queueDelayMs(facts) > BACKLOG_MS
  if (isHeavy) return { share: offload(facts), sampledMs: nowMs, heavyMs: nowMs }
  const isSlack = nowMs - state.heavyMs <= SLACK_MS
  return { ...state, share: isSlack ? state.share : 0, sampledMs: nowMs }
}

/** With no input there is nothing to offload: what waits was routed already. */
function offload({ trueRate, steadyRate }: Facts): number {
  return steadyRate > 0 ? Math.max(0, Math.min(MAX_SHARE, 1 - trueRate / steadyRate + HEADROOM)) : 0
}
