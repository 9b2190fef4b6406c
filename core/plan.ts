/** What a policy wants done until it says otherwise; `core/route.ts` does it, envelope by envelope. */
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
