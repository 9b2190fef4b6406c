import { leastOverflow } from '../../../core/control/least-overflow'
import { type Curve, countAt } from '../../load/schedule/curve'
import type { Demand, Overload } from '../scenario'

/**
 * What a trace asks of a base of `capacity` events per second under a latency target. `limitMs`: how long an oracle lets
 * an envelope wait at the edge.
 */
export function demandOf(
  curve: Curve,
  binMs: number,
  capacity: number,
  latencyTargetMs: number,
  limitMs: number,
): Demand {
  const arrivals = binned(curve, binMs)
  const question = { arrivals, binMs, capacity }
  const { total, perBin } = leastOverflow({ ...question, latencyTargetMs })
  const planned = leastOverflow({ ...question, latencyTargetMs: limitMs })
  const lead = arrivals.findIndex((events) => events > 0) // an oracle's plan begins with the first event
  return {
    peakRate: (arrivals.reduce((peak, events) => Math.max(peak, events), 0) / binMs) * 1000,
    leastOverflow: total,
    plan: { binMs, shares: planned.perBin.slice(Math.max(0, lead)), limitMs },
    overloads: overloads(arrivals, perBin, binMs, (capacity * binMs) / 1000),
  }
}

/** Events per bin, from time 0 to the end. */
export function binned(curve: Curve, binMs: number): number[] {
  const bins = Math.ceil(curve.times[curve.times.length - 1]! / binMs - 1e-9)
  return Array.from({ length: bins }, (_, bin) => countAt(curve, (bin + 1) * binMs) - countAt(curve, bin * binMs))
}

function overloads(arrivals: readonly number[], perBin: readonly number[], binMs: number, folded: number): Overload[] {
  const found: Overload[] = []
  let startMs = -1
  let queue = 0
  let isBreached = false
  arrivals.forEach((events, bin) => {
    if (events > folded && startMs < 0) startMs = bin * binMs
    isBreached ||= perBin[bin]! > 0
    queue = Math.max(0, queue + events * (1 - perBin[bin]!) - folded)
    if (queue > 0 || startMs < 0) return
    if (isBreached) found.push({ startMs, endMs: (bin + 1) * binMs })
    startMs = -1
    isBreached = false
  })
  if (startMs >= 0 && isBreached) found.push({ startMs, endMs: arrivals.length * binMs })
  return found
}
