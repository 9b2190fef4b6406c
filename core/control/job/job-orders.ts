import type { Facts, Intent } from '../control'
import type { BurstMode } from '../route'
import { lastHourUsd, NOTHING_SPENT, type Spend, spent } from '../spend'
import { needOf } from './job-facts'
import type { Orders } from './orders'

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

/** How much of a limit one part of a job holds, and how much it is to have. */
export interface Claim {
  /** What it may use until it has heard otherwise. */
  readonly held: number
  readonly wanted: number
}

/** So much of a limit is shared out evenly, whoever needs it now: the next spike may come to another one. */
const EVEN_SHARE = 0.2

/** Shares by need, 0 to 1, that add up to 1; nobody's is 0. Pure. */
export function sharesByNeed(needs: readonly number[]): number[] {
  const whole = needs.reduce((sum, need) => sum + need, 0)
  const even = 1 / needs.length
  return needs.map((need) => EVEN_SHARE * even + (1 - EVEN_SHARE) * (whole > 0 ? need / whole : even))
}

/**
 * So many whole things by these shares, all of them: one for each first, if there are enough; what is left over by
 * rounding goes to the largest remainders (Hamilton's method). Pure.
 */
export function wholeShares(total: number, shares: readonly number[]): number[] {
  const first = total >= shares.length ? 1 : 0
  const rest = total - first * shares.length
  const exact = shares.map((share) => share * rest)
  const whole = exact.map((value) => first + Math.floor(value))
  const left = total - whole.reduce((sum, value) => sum + value, 0)
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - Math.floor(value) }))
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  for (const { index } of byRemainder.slice(0, left)) whole[index]! += 1
  return whole
}

/**
 * What each may have now. A share that is needed elsewhere is first given up, and only when that was heard is it given
 * to another. So the shares never add up to more than `total`, unless they did before. Who holds least gets first.
 * Pure.
 */
export function granted(total: number, claims: readonly Claim[]): number[] {
  const grants = claims.map(({ held, wanted }) => Math.min(held, wanted))
  let free = total - claims.reduce((sum, { held }) => sum + held, 0)
  const order = claims.map((_, index) => index).sort((a, b) => claims[a]!.held - claims[b]!.held || a - b)
  for (const index of order) {
    const { held, wanted } = claims[index]!
    const more = Math.max(0, Math.min(wanted - held, free))
    grants[index]! += more
    free -= more
  }
  return grants
}

/** What a sidecar says of its costs. `incarnation` is another one after each start. */
export interface SidecarCosts {
  readonly incarnation: string
  /** Since its start, and within the last hour. */
  readonly totalUsd: number
  readonly lastHourUsd: number
}

/** What a job has spent, by all processes that ever were its sidecars. Times are of the caller's monotonic clock. */
export interface JobSpend {
  readonly spend: Spend
  /** What each process that is there said last, by its incarnation. */
  readonly known: ReadonlyMap<string, number>
}

// starts of sidecars; one that is forgotten and comes back counts twice, which only errs towards spending less
const REMEMBERED = 1_000

export const NO_JOB_SPEND: JobSpend = { spend: NOTHING_SPENT, known: new Map() }

/**
 * Notes what the sidecars say now. What a new one has spent within its last hour counts as spent now: too much rather
 * than too little, so that no limit is passed. What a sidecar that is gone has spent still counts. Pure.
 */
export function jobSpent({ spend, known }: JobSpend, sidecars: readonly SidecarCosts[], nowMs: number): JobSpend {
  const more = sidecars.reduce((sum, { incarnation, totalUsd, lastHourUsd: lately }) => {
    const before = known.get(incarnation)
    return sum + (before === undefined ? lately : Math.max(0, totalUsd - before))
  }, 0)
  const now = sidecars.map(({ incarnation, totalUsd }) => [incarnation, totalUsd] as const)
  const all = [...new Map([...known, ...now])].slice(-REMEMBERED)
  return { spend: spent(spend, spend.totalUsd + more, nowMs), known: new Map(all) }
}

/** Dollars that the job has spent within the last hour; by up to a minute's more, but never less. */
export const jobLastHourUsd = ({ spend }: JobSpend, nowMs: number): number => lastHourUsd(spend, nowMs)
