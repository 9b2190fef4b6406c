import type { PolicyName } from '../../core/policies'
import { type MustHold, mustHold } from '../bench/must-hold'
import type { Figures } from './figures'
import type { SimulationReport } from './run'

/** The policies that the promises are about. */
export const JUDGED: readonly PolicyName[] = ['spillway', 'sponge', 'flink-autoscaler', 'oracle']

const RIVALS = ['sponge', 'flink-autoscaler'] as const
const SPIKY = 20 // times the mean: above that a peak is what nobody wants to provision for
const CALM = 3 // times the mean: below that there is little to burst
const MOST_OF_CALM = 0.02 // of the events
const LEAST_PRECISION = 0.85
const MOST_OF_STATIC = 0.2
const MOST_OF_ORACLE = 1.1
const SAME_P99 = 1.006 // two percentiles, each read off buckets to 0.3 %: see `delays.ts`

/** What Spillway promises for a trace and a base, and what came of it. */
export function promisesOf(report: SimulationReport): MustHold[] {
  const figures = (name: PolicyName) => report.policies.find((each) => each.name === name)!
  const ours = figures('spillway')
  const promises = [
    ...RIVALS.flatMap((name) => against(ours, figures(name), report.latencyTargetMs)),
    mustHold("cost over the oracle's", ours.usdPerHour / figures('oracle').usdPerHour, 'at most', MOST_OF_ORACLE, ''),
    ...byShape(ours, report.peakRate / report.meanRate),
  ]
  const where = `${report.trace}, base ${Math.round(report.base).toLocaleString('en-US')}`
  return promises.map((promise) => ({ ...promise, what: `${where}: ${promise.what}` }))
}

/** Never worse than a rival, and better wherever the rival misses the target. */
function against(ours: Figures, rival: Figures, targetMs: number): MustHold[] {
  const misses = rival.processingDelayMs.p99 > targetMs
  const atMost = (what: string, our: number, their: number, unit: string) => {
    const promise = mustHold(`${what}, against ${rival.name}'s`, our, 'at most', their, unit)
    return { ...promise, holds: promise.holds && (!misses || our < their) }
  }
  return [
    atMost('p99', ours.processingDelayMs.p99, rival.processingDelayMs.p99 * (misses ? 1 : SAME_P99), 'ms'),
    atMost('events over the target', ours.overTarget * 100, rival.overTarget * 100, '%'),
  ]
}

/** What is worth promising depends on how high the peak is over the mean. */
function byShape({ precision, usdAgainstStatic, burst, accepted }: Figures, peak: number): MustHold[] {
  if (peak < CALM)
    return [mustHold('share that bursts of a calm trace', (burst / accepted) * 100, 'at most', MOST_OF_CALM * 100, '%')]
  if (peak < SPIKY) return []
  return [
    mustHold('precision', precision === null ? null : precision * 100, 'at least', LEAST_PRECISION * 100, '%'),
    mustHold(
      'cost over static provisioning for the peak',
      usdAgainstStatic * 100,
      'at most',
      MOST_OF_STATIC * 100,
      '%',
    ),
  ]
}
