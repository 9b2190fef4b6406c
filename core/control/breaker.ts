/**
 * A circuit breaker for the cloud. `usable`: envelopes may be sent. `away`: the cloud failed again and again, and
 * nothing is sent until `probeAtMs`. `probing`: one envelope is on its way to find out. The usual names, closed and
 * open, would be misread: an open way can be used. Times are of the caller's monotonic clock.
 */
export type Breaker =
  | { readonly state: 'usable'; readonly failures: number }
  | { readonly state: 'away'; readonly probeAtMs: number; readonly reason: string }
  | { readonly state: 'probing'; readonly reason: string }

/** What was seen of the cloud. Throttling slows bursting down and is no outage. */
export type CloudSign =
  | { readonly kind: 'finished' }
  /** The probe itself was only throttled: it found out nothing, and the next one tries. */
  | { readonly kind: 'throttled' }
  /** An envelope was not taken, not finished in time, or refused. */
  | { readonly kind: 'failed'; readonly reason: string }

// one failure may be due to its envelope; three in a row, with nothing finished between them, are due to the cloud
const MAX_FAILURES = 3
const PROBE_AFTER_MS = 5_000 // soon enough to use a cloud that is back, rare enough to cost nothing while it is away

export const USABLE: Breaker = { state: 'usable', failures: 0 }

/** The breaker after a sign. */
export function observe(breaker: Breaker, sign: CloudSign, nowMs: number): Breaker {
  if (sign.kind === 'finished') return USABLE
  if (sign.kind === 'throttled') {
    if (breaker.state !== 'probing') return breaker
    return { state: 'away', probeAtMs: nowMs + PROBE_AFTER_MS, reason: breaker.reason }
  }
  switch (breaker.state) {
    case 'usable':
      return breaker.failures + 1 < MAX_FAILURES
        ? { state: 'usable', failures: breaker.failures + 1 }
        : { state: 'away', probeAtMs: nowMs + PROBE_AFTER_MS, reason: sign.reason }
    case 'away': // of what was sent before
      return breaker
    case 'probing':
      return { state: 'away', probeAtMs: nowMs + PROBE_AFTER_MS, reason: sign.reason }
  }
}

/** Whether an envelope may be sent now. */
export function maySend(breaker: Breaker, nowMs: number): boolean {
  return breaker.state === 'usable' || (breaker.state === 'away' && nowMs >= breaker.probeAtMs)
}

/** The breaker after an envelope was sent. */
export function sent(breaker: Breaker): Breaker {
  return breaker.state === 'away' ? { state: 'probing', reason: breaker.reason } : breaker
}
