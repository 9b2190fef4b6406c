import type { Refused } from './answer'
import type { Batch } from './batch'
import type { Outcome } from './delivery'
import { latencyHistogram, recordLatencyMs } from './latency'

/** More different reasons than this are not kept: they would tell nothing more. */
const MAX_REASONS = 20

export type Tally = ReturnType<typeof openTally>

/** Counts of events, except refusals and retries, which are counts of requests. Mutable; one per run. */
export function openTally() {
  return {
    /** Events that went out at least once. */
    sent: 0,
    accepted: 0,
    late: 0,
    partlyLate: 0,
    rejected: 0,
    /** Refused for good. */
    failed: 0,
    /** Events whose answer was still not definite when the run gave up. */
    unanswered: 0,
    refusals429: 0,
    retries: 0,
    lagMs: 0,
    /** Why events were rejected or failed and requests refused: code or message, and how often. */
    reasons: new Map<string, number>(),
    lastRefusal: null as string | null,
    latency: latencyHistogram(),
    /** By the second of the answer. */
    acceptedPerSecond: [] as number[],
  }
}

export function noteRefusal(tally: Tally, answer: Refused): void {
  if (answer.status === 429) tally.refusals429++
  tally.lastRefusal = answer.reason
  noteReason(tally, answer.reason, 1)
}

/** `elapsedMs`: from the start of the run to the answer. Latency runs from each event's own intended time. */
export function noteOutcome(tally: Tally, batch: Batch, outcome: Outcome, elapsedMs: number): void {
  switch (outcome.kind) {
    case 'taken': {
      tally.accepted += outcome.accepted
      tally.late += outcome.late
      tally.partlyLate += outcome.partlyLate
      const more = outcome.moreRejected ?? 0
      tally.rejected += outcome.rejected.length + more
      if (more > 0) noteReason(tally, 'not listed', more)
      for (const { code } of outcome.rejected) noteReason(tally, code, 1)
      for (const timeMs of batch.times) recordLatencyMs(tally.latency, elapsedMs - timeMs)
      const second = Math.floor(elapsedMs / 1000)
      tally.acceptedPerSecond[second] = (tally.acceptedPerSecond[second] ?? 0) + outcome.accepted
      return
    }
    case 'failed':
      tally.failed += batch.times.length
      noteReason(tally, outcome.reason, batch.times.length)
      return
    case 'unanswered':
      tally.unanswered += batch.times.length
      return
  }
}

function noteReason(tally: Tally, reason: string, times: number): void {
  const known = tally.reasons.get(reason)
  if (known !== undefined || tally.reasons.size < MAX_REASONS) tally.reasons.set(reason, (known ?? 0) + times)
}
