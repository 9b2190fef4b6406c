import type { Intent } from './control'
import { type Facts, forecastMs, queueDelayMs, waitMs } from './control'

/** What Spillway's policy goes by; `edge-node/config/config.ts` has the defaults and their reasons. */
export interface PolicyTerms {
  /** Delay that events should stay under. */
  readonly latencyTargetMs: number
  /** An envelope bursts when the edge would need longer than this for it and all before it. */
  readonly maxQueueDelayMs: number
  /** How long the cloud takes from the first envelope until it works at full width. */
  readonly leadMs: number
  /**
   * How long the valve stays armed after it was last needed, and how long it then rests unless the target is at stake.
   */
  readonly dwellMs: number
}

/** `bursting`: the valve is armed. Times are of the caller's monotonic clock. */
export interface PolicyState {
  readonly bursting: boolean
  /** The first envelope of a spike goes ahead of need: it wakes the poller and a function. */
  readonly primed: boolean
  readonly sinceMs: number
  /** When the valve was last needed. */
  readonly neededMs: number
  /** Since when the forecast has been a threat, and the queue delay then; null while it is none. */
  readonly suspicion: { readonly sinceMs: number; readonly delayMs: number } | null
}

export const AT_REST: PolicyState = {
  bursting: false,
  primed: true,
  sinceMs: Number.NEGATIVE_INFINITY,
  neededMs: Number.NEGATIVE_INFINITY,
  suspicion: null,
}

const DRAINED_SHARE = 0.5 // a queue longer than this share of the limit may need the valve at any moment
const ASLEEP_MS = 1_000 // pollers that found nothing for so long sleep for up to a second
const NOTICED_SHARE = 0.1 // a forecast counts once the queue has begun to grow: a batch that comes at once is no trend
const CONFIRM_MS = 40 // half of what was forecast has to come true for so long; the reaction may take 250 ms in all
const PREWARM_SHARE = 0.2 // a queue this far up its limit may be on its way to it
const COLD_START_MS = 1_000 // of a function with its bundle, on a busy machine

/**
 * Spillway's policy. Bursting begins when the queue delay passes its limit, or is about to pass the latency target
 * within the cloud's lead time: a steep step is met at once, a slow climb as late as possible. From then on only what
 * would wait longer than the limit is sent: that ends with the spike, at once. The valve stays armed for a dwell after
 * it was last needed, since spikes come in groups; within a dwell of its end it is armed again only to save the target.
 * Pure.
 */
export function spillwayPolicy(
  state: PolicyState,
  facts: Facts,
  terms: PolicyTerms,
  nowMs: number,
): readonly [PolicyState, Intent] {
  const next = state.bursting ? stay(state, facts, terms, nowMs) : enter(state, facts, terms, nowMs)
  const limitMs = next.bursting ? valveMs(facts, terms) : Number.POSITIVE_INFINITY
  const plan = { kind: 'valve', limitMs, prime: next.bursting && !next.primed } as const
  const reason = reasonOf(next, facts, terms)
  return [next, { plan, bursting: next.bursting, prewarm: prewarmDue(facts, terms), reason }]
}

/** The state once an envelope of the burst was sent. */
export const primed = (state: PolicyState): PolicyState => (state.primed ? state : { ...state, primed: true })

function enter(state: PolicyState, facts: Facts, terms: PolicyTerms, nowMs: number): PolicyState {
  const isRested = nowMs - state.sinceMs >= terms.dwellMs
  const delayMs = queueDelayMs(facts)
  const isOver = delayMs > (isRested ? terms.maxQueueDelayMs : terms.latencyTargetMs)
  const suspicion = suspect(state, isRested ? facts : steadied(facts), terms, nowMs)
  if (!isOver && !isConfirmed(suspicion, facts, nowMs)) return { ...state, suspicion }
  return { bursting: true, primed: false, sinceMs: nowMs, neededMs: nowMs, suspicion: null }
}

function suspect({ suspicion }: PolicyState, facts: Facts, terms: PolicyTerms, nowMs: number) {
  if (!isThreatened(facts, terms)) return null
  return suspicion ?? { sinceMs: nowMs, delayMs: queueDelayMs(facts) }
}

/**
 * After a pause of the machine much comes at once, and looks like a spike; but of a spike the queue goes on growing.
 */
function isConfirmed(suspicion: PolicyState['suspicion'], facts: Facts, nowMs: number): boolean {
  if (suspicion === null || nowMs - suspicion.sinceMs < CONFIRM_MS) return false
  const growth = Math.min(1, facts.arrivalRate / facts.trueRate - 1)
  return queueDelayMs(facts) - suspicion.delayMs >= ((nowMs - suspicion.sinceMs) * growth) / 2
}

function stay(state: PolicyState, facts: Facts, terms: PolicyTerms, nowMs: number): PolicyState {
  const delayMs = queueDelayMs(facts)
  const suspicion = suspect(state, facts, terms, nowMs)
  const isPressed = delayMs > terms.maxQueueDelayMs || isConfirmed(suspicion, facts, nowMs)
  const sinceNeededMs = nowMs - state.neededMs
  if (isPressed || delayMs > terms.maxQueueDelayMs * DRAINED_SHARE) {
    const wakes = isPressed && sinceNeededMs >= ASLEEP_MS
    return { ...state, primed: state.primed && !wakes, neededMs: nowMs, suspicion }
  }
  return sinceNeededMs >= terms.dwellMs ? { ...AT_REST, sinceMs: nowMs } : { ...state, suspicion }
}

/** The newest moment is noise where the load hovers; a steep step shows in the whole second just as well. */
const steadied = (facts: Facts): Facts => ({ ...facts, arrivalRate: Math.min(facts.arrivalRate, facts.steadyRate) })

const isThreatened = (facts: Facts, { maxQueueDelayMs, leadMs, latencyTargetMs }: PolicyTerms) =>
  queueDelayMs(facts) > maxQueueDelayMs * NOTICED_SHARE && forecastMs(facts, leadMs) > latencyTargetMs

/**
 * Where the cloud itself has a queue, an envelope waits at the edge as long as it would there: it goes to where it is
 * done sooner.
 */
function valveMs({ inFlightEvents, lanes, laneRate }: Facts, { maxQueueDelayMs }: PolicyTerms): number {
  return Math.max(maxQueueDelayMs, waitMs(inFlightEvents, lanes * laneRate))
}

function prewarmDue(facts: Facts, terms: PolicyTerms): boolean {
  const delayMs = queueDelayMs(facts)
  if (delayMs <= terms.maxQueueDelayMs * NOTICED_SHARE) return false
  if (delayMs > terms.maxQueueDelayMs * PREWARM_SHARE) return true
  return forecastMs(facts, terms.leadMs + COLD_START_MS) > terms.maxQueueDelayMs
}

function reasonOf({ bursting }: PolicyState, facts: Facts, terms: PolicyTerms): string {
  const delay = `queue delay ${whole(queueDelayMs(facts))} ms, limit ${whole(terms.maxQueueDelayMs)} ms`
  const rates = `${whole(facts.arrivalRate)} events/s arrive, the edge folds ${whole(facts.trueRate)}`
  if (!bursting) return `${delay}; ${rates}`
  if (queueDelayMs(facts) > terms.maxQueueDelayMs) return `${delay} passed; ${rates}`
  if (!isThreatened(facts, terms)) return `${delay}; what would wait longer is sent`
  return `${delay}, ${whole(forecastMs(facts, terms.leadMs))} ms ahead; ${rates}`
}

/** Rounded, with commas; not by the locale, which is the machine's. */
function whole(value: number): string {
  const digits = String(Math.round(value))
  return digits.length > 3 ? digits.replace(/\B(?=(\d{3})+$)/g, ',') : digits
}
