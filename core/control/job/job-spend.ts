import { lastHourUsd, NOTHING_SPENT, type Spend, spent } from '../spend'

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

const REMEMBERED = 1_000 // starts of sidecars; one that is forgotten and comes back counts twice: rather too much

export const NO_JOB_SPEND: JobSpend = { spend: NOTHING_SPENT, known: new Map() }

/**
 * Notes what the sidecars say now. Of one that is met for the first time, what it spent within its last hour counts as
 * spent now: rather too much than a limit that is passed. One that is not there any more has spent what it has. Pure.
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
