import type { Facts } from '../control'

/** What is known of a job besides what its sidecars know. */
export interface AroundTheSidecars {
  /** Events that wait before the job; 0 while unknown. */
  readonly waitingEvents: number
  /** Events per second that come into what the job reads from; null while unknown. */
  readonly arrivalRate: number | null
  /** Envelopes that the cloud may work on side by side for the job. */
  readonly lanes: number
  /** Dollars that bursting has cost the job within the last hour. */
  readonly spentUsd: number
}

/**
 * The facts of a job. Its sidecars count as one edge that is as fast as all of them together, and what waits before the
 * job is part of its backlog. The arrival rate is taken at the source, since a job that is held up reads no more than
 * it can do. Pure.
 */
export function jobFacts(sidecars: readonly Facts[], around: AroundTheSidecars): Facts {
  const sum = (of: (facts: Facts) => number) => sidecars.reduce((total, facts) => total + of(facts), 0)
  const mean = (of: (facts: Facts) => number, weight: (facts: Facts) => number) => weighedMean(sidecars, of, weight)
  const outside = around.arrivalRate ?? 0
  return {
    trueRate: sum(({ trueRate }) => trueRate),
    arrivalRate: Math.max(
      outside,
      sum(({ arrivalRate }) => arrivalRate),
    ),
    steadyRate: Math.max(
      outside,
      sum(({ steadyRate }) => steadyRate),
    ),
    utilization: mean(
      ({ utilization }) => utilization,
      ({ trueRate }) => trueRate,
    ),
    backlogEvents: around.waitingEvents + sum(({ backlogEvents }) => backlogEvents),
    backlogBytes: sum(({ backlogBytes }) => backlogBytes),
    inFlightEnvelopes: sum(({ inFlightEnvelopes }) => inFlightEnvelopes),
    inFlightEvents: sum(({ inFlightEvents }) => inFlightEvents),
    inFlightBytes: sum(({ inFlightBytes }) => inFlightBytes),
    lanes: around.lanes,
    laneRate: mean(({ laneRate }) => laneRate, isKnown),
    divertUs: mean(
      ({ divertUs }) => divertUs,
      ({ divertUs }) => (divertUs > 0 ? 1 : 0),
    ),
    foldUs: mean(
      ({ foldUs }) => foldUs,
      ({ trueRate }) => trueRate,
    ),
    sentRate: sum(({ sentRate }) => sentRate),
    ceilingRate: sum(({ ceilingRate }) => ceilingRate),
    spentUsd: around.spentUsd,
    cloudAway: sidecars.every(({ cloudAway }) => cloudAway !== undefined) ? sidecars[0]?.cloudAway : undefined,
  }
}

/**
 * How much of the cloud a sidecar needs, in events: what it could not fold within the next second and its limit, and
 * what it has in the cloud already. Pure.
 */
export function needOf(facts: Facts, limitMs: number): number {
  const { arrivalRate, trueRate, backlogEvents, inFlightEvents } = facts
  const excess = Math.max(0, arrivalRate - trueRate)
  const waiting = Math.max(0, backlogEvents - (trueRate * limitMs) / 1000)
  return excess + waiting + inFlightEvents
}

const isKnown = ({ laneRate }: Facts) => (laneRate > 0 ? 1 : 0)

/** 0 where nothing has a weight. */
function weighedMean(all: readonly Facts[], of: (facts: Facts) => number, weight: (facts: Facts) => number): number {
  const whole = all.reduce((sum, facts) => sum + weight(facts), 0)
  return whole > 0 ? all.reduce((sum, facts) => sum + of(facts) * weight(facts), 0) / whole : 0
}
