import type { Facts, Policy } from '../control'

/** `hot` and `cool`: samples in a row above the upper and below the lower threshold. */
export interface ThresholdState {
  readonly share: number
  readonly isOn: boolean
  readonly hot: number
  readonly cool: number
  readonly sampledMs: number
}

const SAMPLE_MS = 1_000
const UPPER = 0.8
const HOT_SAMPLES = 3
const LOWER = 0.5
const COOL_SAMPLES = 10

/**
 * What a team would write first, in the manner of a target-tracking alarm: busy above 80 % for three samples of a
 * second, burst what exceeds 80 % of the capacity; below 50 % for ten, stop.
 */
export const CPU_THRESHOLD: Policy<ThresholdState> = {
  start: { share: 0, isOn: false, hot: 0, cool: 0, sampledMs: Number.NEGATIVE_INFINITY },
  decide(state, facts, nowMs) {
    const next = nowMs - state.sampledMs < SAMPLE_MS ? state : sampled(state, facts, nowMs)
    const { isOn, share } = next
    const busy = `the edge is busy for ${(facts.utilization * 100).toFixed(0)} % of the time`
    const reason = isOn ? `${busy}; ${(share * 100).toFixed(0)} % exceeds ${UPPER * 100} % of its capacity` : busy
    return [next, { plan: { kind: 'share', share }, bursting: isOn, prewarm: isOn, reason }]
  },
}

function sampled(state: ThresholdState, facts: Facts, nowMs: number): ThresholdState {
  const hot = facts.utilization > UPPER ? state.hot + 1 : 0
  const cool = facts.utilization < LOWER ? state.cool + 1 : 0
  const isOn = state.isOn ? cool < COOL_SAMPLES : hot >= HOT_SAMPLES
  return { share: isOn ? excess(facts) : 0, isOn, hot, cool, sampledMs: nowMs }
}

function excess({ trueRate, steadyRate }: Facts): number {
  return steadyRate > 0 ? Math.max(0, 1 - (UPPER * trueRate) / steadyRate) : 0
}
