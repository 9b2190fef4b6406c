import type { Facts, Policy } from '../control'
import { type FlinkTerms, RESTART_MS } from './flink-terms'
import { type Averages, averages, type MetricsWindow, measured, sliced, windowFrom } from './flink-window'

/**
 * `shrink`: since when fewer machines would do, and the most that would have been needed since then. `window` is null
 * before the first look.
 */
export interface FlinkState {
  readonly machines: number
  readonly window: MetricsWindow | null
  readonly lookedMs: number
  readonly shrink: { readonly sinceMs: number; readonly most: number } | null
}

/**
 * The autoscaler of the Flink Kubernetes operator (`ScalingMetricEvaluator`, `JobVertexScaler`), for a job of one
 * vertex that runs on machines like the edge: `trueRate` is that of one. It wants lag / catch-up + input x restart /
 * catch-up + input / target utilization, and acts when what the machines can do is outside of the utilization bounds.
 * Every change restarts the job, which then stands still, see `RESTART_MS`.
 */
export function flinkAutoscaler(terms: FlinkTerms): Policy<FlinkState> {
  return {
    start: { machines: 1, window: null, lookedMs: Number.NEGATIVE_INFINITY, shrink: null },
    decide(state, facts, nowMs) {
      const next = looked(
        { ...state, window: measured(state.window ?? windowFrom(nowMs), facts, nowMs) },
        facts,
        terms,
        nowMs,
      )
      const { machines } = next
      const reason = `${machines} machine(s) by the averages of ${terms.metricsWindowMs / 1000} s`
      return [next, { plan: { kind: 'machines', machines }, bursting: machines > 1, prewarm: machines > 1, reason }]
    },
  }
}

type Measuring = FlinkState & { readonly window: MetricsWindow }

function looked(state: Measuring, facts: Facts, terms: FlinkTerms, nowMs: number): FlinkState {
  if (nowMs < state.window.sinceMs || nowMs - state.lookedMs < terms.reconcileMs) return state
  const window = sliced(state.window, terms.metricsWindowMs)
  const next = { ...state, window, lookedMs: nowMs }
  const isFull = nowMs - window.sinceMs >= terms.metricsWindowMs
  return isFull ? scaled(next, machinesWanted(state.machines, averages(window), facts, terms), terms, nowMs) : next
}

/** More machines at once, fewer when they have been enough for long. */
function scaled(state: FlinkState, wanted: number, terms: FlinkTerms, nowMs: number): FlinkState {
  if (wanted >= state.machines)
    return wanted > state.machines ? restarted(wanted, terms, nowMs) : { ...state, shrink: null }
  const shrink = { sinceMs: state.shrink?.sinceMs ?? nowMs, most: Math.max(state.shrink?.most ?? 1, wanted) }
  const isDue = nowMs - shrink.sinceMs >= terms.scaleDownIntervalMs
  return isDue ? restarted(shrink.most, terms, nowMs) : { ...state, shrink }
}

/** A job that starts anew is measured once it has stabilized. */
const restarted = (machines: number, terms: FlinkTerms, nowMs: number): FlinkState => ({
  machines,
  window: windowFrom(nowMs + RESTART_MS + terms.stabilizationMs),
  lookedMs: nowMs,
  shrink: null,
})

function machinesWanted(machines: number, average: Averages, { backlogEvents }: Facts, terms: FlinkTerms): number {
  const { arrivalRate, trueRate } = average
  if (!(trueRate > 0)) return machines
  const wanted = (utilization: number, withRestart: boolean) =>
    targetRate(arrivalRate, backlogEvents, utilization, withRestart, terms)
  const capacity = trueRate * machines
  const isCatchingUp = backlogEvents > (arrivalRate * terms.lagThresholdMs) / 1000
  const isShort = capacity < wanted(isCatchingUp ? 1 : terms.utilizationMax, false)
  const isAmple = capacity > wanted(isCatchingUp ? 0 : terms.utilizationMin, true)
  if (!isShort && !isAmple) return machines
  const factor = Math.max(1 - terms.scaleDownMaxFactor, wanted(terms.utilizationTarget, true) / capacity)
  return Math.min(terms.maxMachines, Math.max(1, Math.ceil(machines * factor)))
}

/** The rate at which the job would be busy for this share of the time, and work off its backlog. */
function targetRate(
  arrivalRate: number,
  backlogEvents: number,
  utilization: number,
  withRestart: boolean,
  { catchUpMs, restartMs }: FlinkTerms,
): number {
  if (utilization <= 0) return Number.POSITIVE_INFINITY
  const atUtilization = arrivalRate / Math.min(1, utilization)
  if (catchUpMs === 0) return atUtilization
  const ofRestart = withRestart ? (arrivalRate * restartMs) / catchUpMs : 0
  return (backlogEvents / catchUpMs) * 1000 + ofRestart + atUtilization
}
