import type { Facts } from './facts'
import type { Intent } from './plan'

/**
 * A policy as a pure function: what it remembers and the facts at a moment give what it remembers next and what it
 * wants.
 */
export interface Policy<State> {
  readonly start: State
  /** Called every tick and before every envelope; `nowMs` is monotonic. */
  decide(state: State, facts: Facts, nowMs: number): readonly [State, Intent]
  /** An envelope was sent to the cloud. */
  readonly sent?: (state: State) => State
}

/** A policy at work, with what it remembers. */
export interface RunningPolicy {
  decide(facts: Facts, nowMs: number): Intent
  sent(): void
}

/** Keeps what a policy remembers between its decisions. */
export function running<State>(policy: Policy<State>): RunningPolicy {
  let state = policy.start
  return {
    decide(facts, nowMs) {
      const [next, intent] = policy.decide(state, facts, nowMs)
      state = next
      return intent
    },
    sent() {
      state = policy.sent?.(state) ?? state
    },
  }
}
