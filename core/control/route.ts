import type { Intent, Plan } from './control'
import { type Facts, queueDelayMs, waitMs } from './control'

/** What bounds the routes; `edge-node/config/config.ts` has the defaults and their reasons. */
export interface RouteLimits {
  readonly maxBacklogBytes: number
  readonly maxInFlightEnvelopes: number
  readonly maxInFlightBytes: number
  /** Bursting may cost so many dollars within an hour. */
  readonly maxUsdPerHour: number
  /** Sending an event away has to cost less than this share of folding it. */
  readonly maxDivertShare: number
  /** Envelopes that the edge folds side by side. */
  readonly workers: number
}

/** `auto`: as the policy plans; `always`, `never`: what the operator said. */
export type BurstMode = 'auto' | 'always' | 'never'

/** The envelope to be routed, and what waits before it at the edge. */
export interface Candidate {
  readonly events: number
  readonly aheadEvents: number
}

/** Where the envelope goes, and why in words. */
export interface Decision {
  readonly route: 'edge' | 'burst'
  readonly queueDelayMs: number
  readonly reason: string
}

/** Events that a plan by share owes to the cloud: the next envelope pays when they are enough. */
export type Owed = number

/**
 * Where an envelope goes under the policy's intent. What the cloud cannot take goes to the edge: it was accepted and
 * waits there. Pure: the same facts give the same decision.
 */
export function route(
  mode: BurstMode,
  intent: Intent,
  limits: RouteLimits,
  facts: Facts,
  candidate: Candidate,
  owed: Owed,
): readonly [Owed, Decision] {
  const decision = (to: Decision['route'], reason: string): Decision => ({
    route: to,
    queueDelayMs: queueDelayMs(facts),
    reason,
  })
  const [owes, wanted] = wantsBurst(mode, intent, limits, facts, candidate, owed)
  if (wanted === null) return [owes, decision('edge', mode === 'never' ? 'bursting is switched off' : intent.reason)]
  const isProbe = intent.plan.kind === 'valve' && intent.plan.prime // what diverting costs is only known by diverting
  const obstacle = isProbe ? cloudObstacle(limits, facts) : obstacleTo(mode, limits, facts)
  return obstacle === undefined
    ? [Math.max(0, owes - candidate.events), decision('burst', wanted)]
    : [0, decision('edge', obstacle)]
}

/**
 * Why nothing more can be accepted, in words; null while something can: the edge is full, and what would come cannot
 * burst either.
 */
export function refusal(mode: BurstMode, limits: RouteLimits, facts: Facts): string | null {
  if (facts.backlogBytes < limits.maxBacklogBytes) return null
  const full = `the edge is full: ${facts.backlogBytes} of ${limits.maxBacklogBytes} bytes wait`
  if (mode === 'never') return full
  const obstacle = obstacleTo(mode, limits, facts)
  return obstacle === undefined ? null : `${full}; ${obstacle}`
}

/** The new debt, and why the envelope should burst; null when it should not. */
function wantsBurst(
  mode: BurstMode,
  intent: Intent,
  limits: RouteLimits,
  facts: Facts,
  candidate: Candidate,
  owed: Owed,
): readonly [Owed, string | null] {
  switch (mode) {
    case 'never':
      return [0, null]
    case 'always':
      return [0, 'bursting is switched on for everything']
    case 'auto': {
      if (facts.backlogBytes >= limits.maxBacklogBytes) return [0, 'the edge is full']
      const owes = owed + candidate.events * shareOf(intent.plan)
      return [owes, planned(intent.plan, limits, facts, candidate, owes) ? intent.reason : null]
    }
  }
}

function planned(plan: Plan, { workers }: RouteLimits, facts: Facts, candidate: Candidate, owed: Owed): boolean {
  switch (plan.kind) {
    case 'valve':
      return plan.prime || waitMs(untilDone(candidate, workers), facts.trueRate) > plan.limitMs
    case 'share':
    case 'machines':
      return owed >= candidate.events
  }
}

/**
 * Events that the edge folds until the candidate is done: those before it, its own, and meanwhile as many of each
 * envelope that is folded beside it. Where less waits than that, the edge would soon be idle: then it takes the
 * candidate.
 */
const untilDone = ({ events, aheadEvents }: Candidate, workers: number) =>
  aheadEvents + events + Math.min(aheadEvents, events * (workers - 1))

/** The share of the events that belongs elsewhere; the cloud stands in for machines that are not there. */
function shareOf(plan: Plan): number {
  switch (plan.kind) {
    case 'valve':
      return 0
    case 'share':
      return plan.share
    case 'machines':
      return 1 - 1 / Math.max(1, plan.machines)
  }
}

/** Why an envelope that should burst does not. */
function obstacleTo(mode: BurstMode, limits: RouteLimits, facts: Facts): string | undefined {
  return cloudObstacle(limits, facts) ?? (mode === 'always' ? undefined : notWorthIt(limits, facts))
}

function cloudObstacle(limits: RouteLimits, facts: Facts): string | undefined {
  if (facts.cloudAway !== undefined) return facts.cloudAway
  if (facts.inFlightEnvelopes >= limits.maxInFlightEnvelopes || facts.inFlightBytes >= limits.maxInFlightBytes) {
    return `the cloud is full: ${facts.inFlightEnvelopes} envelopes (${facts.inFlightBytes} bytes) in flight`
  }
  if (facts.spentUsd >= limits.maxUsdPerHour) {
    return `the spending limit is reached: $${facts.spentUsd.toFixed(4)} of $${limits.maxUsdPerHour} within an hour`
  }
  if (facts.sentRate >= facts.ceilingRate) {
    return `the cloud throttles: it takes about ${Math.round(facts.ceilingRate)} events/s`
  }
  return undefined
}

/** Diverting pays only where it costs the edge less than folding would. */
function notWorthIt({ maxDivertShare }: RouteLimits, { divertUs, foldUs }: Facts): string | undefined {
  if (foldUs === 0 || divertUs < foldUs * maxDivertShare) return undefined
  return `sending an event away costs ${divertUs.toFixed(1)} us of this machine, folding it ${foldUs.toFixed(1)} us`
}
