import type { Facts } from './facts'

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

/** What a policy wants done until it says otherwise; `core/control/route.ts` does it, envelope by envelope. */
export type Plan =
  /**
   * An envelope goes to the edge while that takes at most `limitMs`, and bursts else. `prime` bursts the next one in
   * any case.
   */
  | { readonly kind: 'valve'; readonly limitMs: number; readonly prime: boolean }
  /** So large a share of the events bursts, 0 to 1. */
  | { readonly kind: 'share'; readonly share: number }
  /** The work belongs on so many machines like the edge. */
  | { readonly kind: 'machines'; readonly machines: number }

/** A plan, whether the policy means to burst, whether functions should be started for it, and why in words. */
export interface Intent {
  readonly plan: Plan
  readonly bursting: boolean
  readonly prewarm: boolean
  readonly reason: string
}
