import { type LatencySummary, summarizeLatency } from './delivery/latency'
import type { Tally } from './delivery/tally'
import type { Profile } from './schedule/profile'
import type { Schedule } from './schedule/schedule'

/** What a run did. sent = accepted + late + rejected + failed + unanswered. */
export interface LoadReport {
  readonly profile: Profile
  readonly seed: number
  /** First part of the idempotency keys. */
  readonly runId: string
  /** Planned length of the schedule. */
  readonly seconds: number
  /** Epoch ms. */
  readonly scheduleStartMs: number
  /** Epoch ms of the scheduled start of the step or spike; null for other profiles. */
  readonly stepStartMs: number | null
  /** Epoch ms of the scheduled end of the spike; null for other profiles. */
  readonly spikeEndMs: number | null
  /** Ended early, by a signal. */
  readonly interrupted: boolean
  /** Nothing ever answered. */
  readonly silent: boolean
  /** Events, as all counts but refusals429 and retries. */
  readonly sent: number
  readonly accepted: number
  readonly late: number
  /** Contained in `accepted`. */
  readonly partlyLate: number
  readonly rejected: number
  /** Refused for good (4xx except 429). */
  readonly failed: number
  /** Sent, but without a definite answer when the run gave up; 0 in a complete run. */
  readonly unanswered: number
  /** Due, but never sent when the run gave up; 0 in a complete run. */
  readonly unsent: number
  /** Requests. */
  readonly refusals429: number
  readonly retries: number
  /** Codes and messages of rejections, failures and refusals, at most 20 different ones. */
  readonly reasons: Readonly<Record<string, number>>
  /** From each event's intended send time to the answer that took it, every refusal included. */
  readonly latencyMs: LatencySummary
  /** How far the sender itself, not the server, fell behind its schedule at most; ms. */
  readonly lag: number
  /** `t` is the second of the run; `accepted` is counted at the answer and so goes on after the schedule. */
  readonly ratePerSecond: readonly { readonly t: number; readonly scheduled: number; readonly accepted: number }[]
}

export interface RunFacts {
  readonly profile: Profile
  readonly seed: number
  readonly runId: string
  readonly schedule: Schedule
  readonly scheduleStartMs: number
  readonly interrupted: boolean
  readonly isSilent: boolean
  /** Events that were due before the schedule ended, was interrupted, or the event file was over. */
  readonly scheduled: number
}

export function buildReport(facts: RunFacts, tally: Tally): LoadReport {
  const { profile, seed, runId, schedule, scheduleStartMs, interrupted, isSilent, scheduled } = facts
  const { sent, accepted, late, partlyLate, rejected, failed, unanswered, refusals429, retries } = tally
  const epochMs = (ms: number | null | undefined) => (typeof ms === 'number' ? scheduleStartMs + Math.round(ms) : null)
  return {
    profile,
    seed,
    runId,
    seconds: schedule.durationMs / 1000,
    scheduleStartMs,
    stepStartMs: epochMs(schedule.spike?.startMs),
    spikeEndMs: epochMs(schedule.spike?.endMs),
    interrupted,
    silent: isSilent,
    ...{ sent, accepted, late, partlyLate, rejected, failed, unanswered },
    unsent: scheduled - sent,
    ...{ refusals429, retries },
    reasons: Object.fromEntries(tally.reasons),
    latencyMs: summarizeLatency(tally.latency),
    lag: Math.round(tally.lagMs * 1000) / 1000,
    ratePerSecond: ratePerSecond(schedule, scheduled, tally.acceptedPerSecond),
  }
}

function ratePerSecond(schedule: Schedule, scheduled: number, acceptedPerSecond: readonly number[]) {
  const dueAt = (seconds: number) => Math.min(scheduled, schedule.dueAt(seconds * 1000))
  const lastDueMs = scheduled === 0 ? 0 : schedule.timeOf(scheduled - 1)
  const length = Math.max(Math.ceil(lastDueMs / 1000), acceptedPerSecond.length)
  return Array.from({ length }, (_, t) => ({
    t,
    scheduled: dueAt(t + 1) - (t === 0 ? 0 : dueAt(t)),
    accepted: acceptedPerSecond[t] ?? 0,
  }))
}
