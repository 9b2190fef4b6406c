// For: when to burst, how much, and when to stop; here is what that is decided from.
// In: counters of the edge and of the cloud, as facts.
// Out: an intent with its reason; for each envelope the edge or the burst.

const REMEMBERED = 200 // a change of mode every ten seconds at most: half an hour of the worst, days of the usual

/** The controller changed its mind: when, to what, why in words, and the facts it went by. */
export interface ModeChange {
  readonly atMs: number
  readonly bursting: boolean
  readonly reason: string
  readonly facts: Facts
}

/** The latest changes of mode, oldest first, and how many there have been. */
export class Decisions {
  private readonly list: ModeChange[] = []
  changes = 0

  get all(): readonly ModeChange[] {
    return this.list
  }

  add(change: ModeChange): void {
    this.changes += 1
    this.list.push(change)
    if (this.list.length > REMEMBERED) this.list.shift()
  }
}

/**
 * A share of the target. On a simulated spiky trace 0.1 makes bursting a tenth dearer; 0.5 makes the p99 a quarter
 * higher.
 */
const WORK_SHARE = 0.2
const MIN_EVENTS = 128 // some 16 KiB: each envelope costs a write and a record, however small it is

/**
 * How many events an envelope that may burst should have at most: as many as the slower of the edge and one lane folds
 * in a fifth of the latency target. An envelope is folded as a whole: its first events wait for its last, and the valve
 * cannot split it. Infinity while no rate is known.
 */
export function burstEnvelopeEvents(
  { trueRate, laneRate }: Pick<Facts, 'trueRate' | 'laneRate'>,
  latencyTargetMs: number,
): number {
  const known = [trueRate, laneRate].filter((rate) => rate > 0)
  return Math.max(MIN_EVENTS, Math.floor((Math.min(...known) * WORK_SHARE * latencyTargetMs) / 1000))
}

/**
 * What the controller knows at one moment. Rates and costs come from cumulative counters, see `core/control/sensor.ts`.
 */
export interface Facts {
  /** Events per second that the edge can fold: folded / busy time, after DS2. 0 before anything was folded. */
  readonly trueRate: number
  /** Events per second that arrive now: the last 40 ms, or longer where they are few. */
  readonly arrivalRate: number
  /** Events per second over the last second. */
  readonly steadyRate: number
  /** Share of the last second in which the edge was folding, 0 to 1. */
  readonly utilization: number
  /** Events accepted and not yet folded or sent. */
  readonly backlogEvents: number
  readonly backlogBytes: number
  /** Envelopes sent without a head, their events and their raw bytes. */
  readonly inFlightEnvelopes: number
  readonly inFlightEvents: number
  readonly inFlightBytes: number
  /**
   * How many envelopes the cloud can work on side by side, and what one such lane folds in events per second; 0 when
   * unknown.
   */
  readonly lanes: number
  readonly laneRate: number
  /**
   * Thread time that sending an event to the cloud costs the edge, in microseconds; 0 while that is unknown: too little
   * was sent lately.
   */
  readonly divertUs: number
  /**
   * What folding an event costs the edge, in microseconds: thread time where folding only computes, else 1 / true rate;
   * 0 while unknown.
   */
  readonly foldUs: number
  /**
   * Events per second sent over the last second, and the most that the cloud is known to take: learned from throttles.
   */
  readonly sentRate: number
  readonly ceilingRate: number
  /** Dollars that bursting has cost within the last hour. */
  readonly spentUsd: number
  /** Why nothing may be sent to the cloud at all, in words; undefined while it works. */
  readonly cloudAway?: string | undefined
}

/** How long an event that arrives now would wait at the edge, in ms. */
export function queueDelayMs({ backlogEvents, trueRate }: Pick<Facts, 'backlogEvents' | 'trueRate'>): number {
  return waitMs(backlogEvents, trueRate)
}

/** How long the edge takes for so many events, in ms; 0 while its rate is unknown. */
export function waitMs(events: number, trueRate: number): number {
  return events > 0 && trueRate > 0 ? (events / trueRate) * 1000 : 0
}

/** The queue delay `aheadMs` from now, if things go on as they do. */
export function forecastMs(facts: Facts, aheadMs: number): number {
  const growth = facts.trueRate > 0 ? facts.arrivalRate / facts.trueRate - 1 : 0
  return queueDelayMs(facts) + Math.max(0, growth) * aheadMs
}

/** A policy as a pure function: from its memory and the facts of a moment it makes its next memory and its intent. */
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
