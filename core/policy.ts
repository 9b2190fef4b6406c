/** What the controller knows at one moment; rates and delays come from cumulative counters, see `core/sensor.ts`. */
export interface Facts {
  /** Events per second that the edge can fold: folded / busy time. 0 before anything was folded. */
  readonly trueRate: number
  /** Events accepted and not yet folded or sent. */
  readonly backlogEvents: number
  readonly backlogBytes: number
  /** Envelopes sent without a head, and their raw bytes. */
  readonly inFlightEnvelopes: number
  readonly inFlightBytes: number
  /** Why nothing may be sent to the cloud at all, in words; undefined while it works. */
  readonly cloudAway?: string | undefined
}

/** What the operator wants; see `edge-node/config.ts` for the defaults. */
export interface PolicyLimits {
  /** An envelope bursts when the events before it would keep it waiting longer than this. */
  readonly maxQueueDelayMs: number
  /** Once bursting, it goes on until the queue delay is below this share of the limit, so that the valve does not flutter. */
  readonly releaseShare: number
  /** Share of the limit at which functions are warmed up: the queue delay may be on its way. */
  readonly prewarmShare: number
  readonly maxBacklogBytes: number
  readonly maxInFlightEnvelopes: number
  readonly maxInFlightBytes: number
}

/** `auto`: by queue delay; `always`, `never`: what the operator said. */
export type BurstMode = 'auto' | 'always' | 'never'

/** Where the next envelope goes, or that nothing more can be taken, and why in words. */
export interface Decision {
  readonly route: 'edge' | 'burst' | 'refuse'
  readonly queueDelayMs: number
  readonly reason: string
}

/** How long an event that arrives now would wait at the edge, in ms. */
export function queueDelayMs({ backlogEvents, trueRate }: Facts): number {
  if (backlogEvents === 0) return 0
  return trueRate > 0 ? (backlogEvents / trueRate) * 1000 : 0
}

/**
 * Where the next envelope goes. `bursting` says whether the last one went to the burst: entering and leaving have different
 * thresholds. Pure: the same facts give the same decision.
 */
export function decide(mode: BurstMode, limits: PolicyLimits, bursting: boolean, facts: Facts): Decision {
  const delayMs = queueDelayMs(facts)
  const cloudFull =
    facts.cloudAway !== undefined ||
    facts.inFlightEnvelopes >= limits.maxInFlightEnvelopes ||
    facts.inFlightBytes >= limits.maxInFlightBytes
  const edgeFull = facts.backlogBytes >= limits.maxBacklogBytes
  const decision = (route: Decision['route'], reason: string): Decision => ({ route, queueDelayMs: delayMs, reason })
  switch (mode) {
    case 'never':
      return edgeFull ? decision('refuse', backlogReason(facts, limits)) : decision('edge', 'bursting is switched off')
    case 'always':
      if (!cloudFull) return decision('burst', 'bursting is switched on for everything')
      return edgeFull ? decision('refuse', backlogReason(facts, limits)) : decision('edge', cloudReason(facts))
    case 'auto': {
      const limitMs = limits.maxQueueDelayMs * (bursting ? limits.releaseShare : 1)
      const delay = `queue delay ${Math.round(delayMs)} ms, limit ${Math.round(limitMs)} ms`
      if (delayMs <= limitMs && !edgeFull) return decision('edge', delay)
      if (!cloudFull) return decision('burst', delayMs > limitMs ? delay : backlogReason(facts, limits))
      return edgeFull
        ? decision('refuse', `${backlogReason(facts, limits)}; ${cloudReason(facts)}`)
        : decision('edge', cloudReason(facts))
    }
  }
}

/** Whether a burst is near enough to have functions started for it. */
export function prewarmDue(mode: BurstMode, limits: PolicyLimits, facts: Facts): boolean {
  switch (mode) {
    case 'never':
      return false
    case 'always':
      return true
    case 'auto':
      return facts.cloudAway === undefined && queueDelayMs(facts) > limits.maxQueueDelayMs * limits.prewarmShare
  }
}

const backlogReason = (facts: Facts, limits: PolicyLimits) =>
  `the edge is full: ${facts.backlogBytes} of ${limits.maxBacklogBytes} bytes wait`
const cloudReason = (facts: Facts) =>
  facts.cloudAway ?? `the cloud is full: ${facts.inFlightEnvelopes} envelopes (${facts.inFlightBytes} bytes) in flight`
