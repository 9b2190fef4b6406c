import type { Tally } from './delivery/tally'

/** The state of a run, cumulative since its start. */
export interface LoadProgress {
  readonly elapsedMs: number
  /** Events due by now. */
  readonly scheduled: number
  readonly sent: number
  readonly accepted: number
  readonly refusals429: number
  readonly retries: number
  readonly failed: number
  /** Largest so far. */
  readonly lagMs: number
  /** Why a request was refused last; null if none was. */
  readonly lastRefusal: string | null
}

export function progressOf(tally: Tally, elapsedMs: number, scheduled: number): LoadProgress {
  const { sent, accepted, refusals429, retries, failed, lagMs, lastRefusal } = tally
  return { elapsedMs, scheduled, sent, accepted, refusals429, retries, failed, lagMs, lastRefusal }
}

/** One line for people: what happened between two states. `before` is null for the first line. */
export function progressLine(now: LoadProgress, before: LoadProgress | null): string {
  const seconds = Math.max(0.001, (now.elapsedMs - (before?.elapsedMs ?? 0)) / 1000)
  const perSecond = (count: number, earlier: number | undefined) => Math.round((count - (earlier ?? 0)) / seconds)
  const parts = [
    `${(now.elapsedMs / 1000).toFixed(0).padStart(4)} s`,
    `in ${perSecond(now.scheduled, before?.scheduled)}/s`,
    `accepted ${perSecond(now.accepted, before?.accepted)}/s`,
    `waiting ${now.scheduled - now.sent}`,
    `refused ${now.refusals429} (retries ${now.retries})`,
    `lag ${now.lagMs.toFixed(1)} ms`,
  ]
  if (now.failed > 0) parts.push(`failed ${now.failed}`)
  const isNew = now.retries > (before?.retries ?? 0) || now.refusals429 > (before?.refusals429 ?? 0)
  if (isNew && now.lastRefusal !== null) parts.push(`last: ${now.lastRefusal}`)
  return parts.join('  ')
}
