import { type RunningPolicy, running } from './control'
import { AT_REST, type PolicyTerms, primed, spillwayPolicy } from './policy'
import { CPU_THRESHOLD } from './rivals/cpu-threshold'
import { flinkAutoscaler } from './rivals/flink-autoscaler'
import { FLINK_DEFAULTS, type FlinkTerms } from './rivals/flink-terms'
import { type OraclePlan, oracle } from './rivals/oracle'
import { SPONGE } from './rivals/sponge'
import { NONE, staticMachines } from './rivals/static'

export type { Policy, RunningPolicy } from './control'

export const POLICY_NAMES = [
  'spillway',
  'none',
  'sponge',
  'flink-autoscaler',
  'cpu-threshold',
  'static',
  'oracle',
] as const

export type PolicyName = (typeof POLICY_NAMES)[number]

/** What some of the policies have to be told besides the terms. */
export interface PolicyOptions {
  /** `static`: how many machines there are, at least 1. Without it, the edge alone. */
  readonly machines?: number | undefined
  /** `oracle`: what is to be diverted, see `core/control/least-overflow.ts`. Without it, nothing. */
  readonly plan?: OraclePlan | undefined
  /** `flink-autoscaler`: other settings than the documented defaults. */
  readonly flink?: FlinkTerms | undefined
}

const NOTHING_TO_DIVERT: OraclePlan = { binMs: 1_000, shares: [], limitMs: Number.POSITIVE_INFINITY }

/** A policy by its name, at its start. RangeError when an option makes no sense. */
export function policyNamed(name: PolicyName, terms: PolicyTerms, options: PolicyOptions = {}): RunningPolicy {
  switch (name) {
    case 'spillway':
      return spillway(terms)
    case 'none':
      return running(NONE)
    case 'sponge':
      return running(SPONGE)
    case 'flink-autoscaler':
      return running(flinkAutoscaler(options.flink ?? FLINK_DEFAULTS))
    case 'cpu-threshold':
      return running(CPU_THRESHOLD)
    case 'static':
      return running(staticMachines(options.machines ?? 1))
    case 'oracle':
      return running(oracle(options.plan ?? NOTHING_TO_DIVERT))
  }
}

/** Spillway's own policy. */
export const spillway = (terms: PolicyTerms): RunningPolicy =>
  running({ start: AT_REST, decide: (state, facts, nowMs) => spillwayPolicy(state, facts, terms, nowMs), sent: primed })
