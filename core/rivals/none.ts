import { queueDelayMs } from '../facts'
import type { Policy } from '../running-policy'

/** Back-pressure: everything stays, waits, and is refused when the edge is full. It remembers nothing. */
export const NONE: Policy<null> = {
  start: null,
  decide(state, facts) {
    const plan = { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false } as const
    const reason = `queue delay ${Math.round(queueDelayMs(facts))} ms; this policy never bursts`
    return [state, { plan, bursting: false, prewarm: false, reason }]
  },
}
