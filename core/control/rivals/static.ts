import type { Policy } from '../control'
import { queueDelayMs } from '../control'

/** Back-pressure: everything stays, waits, and is refused when the edge is full. It remembers nothing. */
export const NONE: Policy<null> = {
  start: null,
  decide(state, facts) {
    const plan = { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false } as const
    const reason = `queue delay ${Math.round(queueDelayMs(facts))} ms; this policy never bursts`
    return [state, { plan, bursting: false, prewarm: false, reason }]
  },
}

/** Over-provisioning: so many machines, whatever comes. RangeError unless `machines` is a number of 1 or more. */
export function staticMachines(machines: number): Policy<null> {
  if (!(machines >= 1 && Number.isFinite(machines))) {
    throw new RangeError(`a static policy needs at least 1 machine, not ${machines}`)
  }
  const intent = {
    plan: { kind: 'machines', machines },
    bursting: machines > 1,
    prewarm: machines > 1,
    reason: `always ${machines} machine(s)`,
  } as const
  return { start: null, decide: (state) => [state, intent] }
}
