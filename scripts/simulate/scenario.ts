import type { PolicyTerms } from '../../core/control/policy'
import type { OraclePlan } from '../../core/control/rivals/oracle'
import type { Curve } from '../load/schedule/curve'
import type { Assumptions, Cloud } from './settings'

/** The simulation cannot begin: its message names what was wrong, and says what to do. */
export class CannotSimulate extends Error {
  readonly code = 'cannot_simulate'
}

/** What is simulated, whatever the policy. Times in ms, rates in events per second. */
export interface Scenario {
  readonly curve: Curve
  /** Bins of the trace within which the rate is constant. */
  readonly binMs: number
  readonly base: number
  readonly terms: PolicyTerms
  readonly cloud: Cloud
  readonly given: Assumptions
  readonly maxUsdPerHour: number
  readonly seed: number
  /** Leaves out times in which nothing changes. */
  readonly shortcut: boolean
  /** What follows from the trace: see `scripts/simulate/model/demand.ts`. */
  readonly demand: Demand
}

/** What the trace asks of anybody. */
export interface Demand {
  readonly peakRate: number
  readonly leastOverflow: number
  readonly plan: OraclePlan
  readonly overloads: readonly Overload[]
}

/**
 * A busy period in which the target would be missed without another way for events: from the moment that more comes
 * than the base folds, until the queue is empty if it is kept within the target.
 */
export interface Overload {
  readonly startMs: number
  readonly endMs: number
}
