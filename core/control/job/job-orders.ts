import type { Facts } from '../facts'
import type { BurstMode } from '../route'
import type { Intent } from '../running-policy'
import { needOf } from './job-facts'
import type { Orders } from './orders'
import { granted, sharesByNeed, wholeShares } from './shares'

/** What bounds a job, and the limit of its sidecars' valves. */
export interface JobTerms {
  readonly mode: BurstMode
  readonly lanes: number
  readonly maxUsdPerHour: number
  readonly maxQueueDelayMs: number
}

/** A sidecar as the job sees it. */
export interface SidecarState {
  readonly facts: Facts
  /** Whether it hears what it is told now. */
  readonly isHeard: boolean
  /** Whether it has a way to the cloud. */
  readonly canBurst: boolean
  /** What it may use until it hears otherwise: by its last orders, or by what is still at work by earlier ones. */
  readonly heldLanes: number
  readonly heldUsdPerHour: number
}

/**
 * What each sidecar is told. The limits of the job are shared out by need; who does not hear keeps what it has. All
 * that the sidecars may use never exceeds the limits, unless it did before, also when the controller ends right after.
 * `spentUsd` is what the job has spent within the last hour, by sidecars that are gone as well. Pure.
 */
export function jobOrders(
  intent: Intent,
  terms: JobTerms,
  spentUsd: number,
  sidecars: readonly SidecarState[],
): Orders[] {
  const able = sidecars.filter(({ canBurst }) => canBurst)
  const shares = sharesByNeed(able.map(({ facts }) => needOf(facts, terms.maxQueueDelayMs)))
  const wantedLanes = wholeShares(terms.lanes, shares)
  const lanes = granted(
    terms.lanes,
    able.map(({ isHeard, heldLanes: held }, index) => ({ held, wanted: isHeard ? wantedLanes[index]! : held })),
  )
  const usd = dollars(terms, spentUsd, able, shares)
  const valveMs = intent.bursting && intent.plan.kind === 'valve' ? terms.maxQueueDelayMs : null
  const { prewarm, reason } = intent
  return sidecars.map((sidecar) => {
    const place = able.indexOf(sidecar)
    const limits = { lanes: lanes[place] ?? 0, maxUsdPerHour: usd[place] ?? 0 }
    return { mode: terms.mode, ...limits, valveMs, prewarm, reason }
  })
}

/** Each may spend what it has spent, and its share of what is left. What sidecars that are gone have spent is gone. */
function dollars(
  { maxUsdPerHour }: JobTerms,
  spentUsd: number,
  able: readonly SidecarState[],
  shares: readonly number[],
): number[] {
  const ownUsd = able.reduce((sum, { facts }) => sum + facts.spentUsd, 0)
  const whole = Math.max(0, maxUsdPerHour - Math.max(0, spentUsd - ownUsd))
  const left = Math.max(0, whole - ownUsd)
  const claims = able.map(({ facts, isHeard, heldUsdPerHour: held }, index) => {
    const wanted = Math.min(whole, facts.spentUsd + left * shares[index]!)
    return { held, wanted: isHeard ? wanted : held }
  })
  return granted(whole, claims)
}

/**
 * How many calls a sidecar may have at work: those that its orders allow, and those of earlier orders that are not done
 * yet. Pure.
 */
export const stillHeldLanes = (allowed: number, inFlightEnvelopes: number, heldBefore: number): number =>
  Math.max(allowed, Math.min(inFlightEnvelopes, heldBefore))
