import type { PolicyName } from '../../core/control/policies'
import { TOLERATED_SHARE } from '../../core/control/target-watch'
import { type MustHold, mustHold } from '../command-line/must-hold'
import type { Figures } from './figures'
import type { SimulationReport } from './run'

/** The policies that the promises are about. */
export const JUDGED: readonly PolicyName[] = ['spillway', 'sponge', 'flink-autoscaler', 'cpu-threshold', 'oracle']

const RIVALS = ['sponge', 'flink-autoscaler'] as const
const SPIKY = 20 // times the mean: above that a peak is what nobody wants to provision for
const CALM = 3 // times the mean: below that a policy may burst much that it need not
const MOST_OF_CALM = 0.02 // of the events, beyond what a base too small for the trace has to burst
const LEAST_PRECISION = 0.85
const MOST_OF_STATIC = 0.2
const MOST_OF_ORACLE = 1.1

/** What Spillway promises for a trace and a base, and what came of it. */
export function promisesOf(report: SimulationReport): MustHold[] {
  const figures = (name: PolicyName) => report.policies.find((each) => each.name === name)!
  const ours = figures('spillway')
  const oracle = figures('oracle')
  const promises = [
    mustHold('events over the target', ours.overTarget * 100, 'at most', TOLERATED_SHARE * 100, '%'),
    ...RIVALS.flatMap((name) => against(ours, figures(name), report.latencyTargetMs)),
    overTarget(ours, figures('cpu-threshold'), report.latencyTargetMs), // bursts too early: its p99 may be lower
    mustHold("cost over the oracle's", ours.usdPerHour / oracle.usdPerHour, 'at most', MOST_OF_ORACLE, ''),
    ...byShape(ours, report.peakRate / report.meanRate),
  ]
  const where = `${report.trace}, base ${Math.round(report.base).toLocaleString('en-US')}`
  return promises.map((promise) => ({ ...promise, what: `${where}: ${promise.what}` }))
}

/**
 * Better wherever the rival misses the target, and else no later than the target: below it, a rival that has more machines
 * than it takes is sooner and dearer.
 */
function against(ours: Figures, rival: Figures, targetMs: number): MustHold[] {
  const most = Math.max(targetMs, rival.processingDelayMs.p99)
  return [betterThan('p99', rival, targetMs, ours.processingDelayMs.p99, most, 'ms'), overTarget(ours, rival, targetMs)]
}

const overTarget = (ours: Figures, rival: Figures, targetMs: number) =>
  betterThan('events over the target', rival, targetMs, ours.overTarget * 100, rival.overTarget * 100, '%')

function betterThan(
  what: string,
  rival: Figures,
  targetMs: number,
  our: number,
  their: number,
  unit: string,
): MustHold {
  const promise = mustHold(`${what}, against ${rival.name}'s`, our, 'at most', their, unit)
  return { ...promise, holds: promise.holds && (!misses(rival, targetMs) || our < their) }
}

const misses = ({ processingDelayMs }: Figures, targetMs: number) => processingDelayMs.p99 > targetMs

/**
 * What is worth promising depends on how high the peak is over the mean. Of the cost it is what bursts: base and stream are
 * the operator's choice, and the same whatever the policy.
 */
function byShape({ precision, burstAgainstStatic, overshoot, accepted }: Figures, peak: number): MustHold[] {
  if (peak < CALM) {
    const needless = (overshoot / accepted) * 100
    return [mustHold('share that bursts of a calm trace needlessly', needless, 'at most', MOST_OF_CALM * 100, '%')]
  }
  if (peak < SPIKY) return []
  return [
    mustHold('precision', precision === null ? null : precision * 100, 'at least', LEAST_PRECISION * 100, '%'),
    mustHold(
      'cost of what bursts over static provisioning for the peak',
      burstAgainstStatic * 100,
      'at most',
      MOST_OF_STATIC * 100,
      '%',
    ),
  ]
}
