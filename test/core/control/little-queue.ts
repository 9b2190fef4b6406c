import type { Facts, RunningPolicy } from '../../../core/control/control'
import { type RouteLimits, route } from '../../../core/control/route'
import { facts } from '../../support/sample-facts'

const STEP_MS = 50
const CLOUD_MS = 600 // from sending to the head
export const TRUE_RATE = 1_000

export const WIDE_LIMITS: RouteLimits = {
  maxBacklogBytes: Number.POSITIVE_INFINITY,
  maxInFlightEnvelopes: Number.POSITIVE_INFINITY,
  maxInFlightBytes: Number.POSITIVE_INFINITY,
  maxUsdPerHour: Number.POSITIVE_INFINITY,
  maxDivertShare: 0.9,
  workers: 1,
}

/** One step of 50 ms: what was known at its end, and where its one envelope went. */
export interface Step {
  readonly atMs: number
  readonly delayMs: number
  readonly bursting: boolean
  readonly burst: number
  readonly arrived: number
}

/** An edge that folds 1,000 events/s under this policy; `load` is in multiples of that, at a time in seconds. */
export function littleQueue(policy: RunningPolicy, load: (atS: number) => number, seconds: number): Step[] {
  const arrivals: number[] = []
  const inFlight: { readonly sentMs: number; readonly events: number }[] = []
  const steps: Step[] = []
  let queue = 0
  for (let atMs = 0; atMs < seconds * 1000; atMs += STEP_MS) {
    const events = (load(atMs / 1000) * TRUE_RATE * STEP_MS) / 1000
    queue = Math.max(0, queue - (TRUE_RATE * STEP_MS) / 1000)
    arrivals.push(events)
    while (inFlight[0] !== undefined && atMs - inFlight[0].sentMs >= CLOUD_MS) inFlight.shift()
    const known = knownOf(queue + events, arrivals, sum(inFlight.map((sent) => sent.events)))
    const intent = policy.decide(known, atMs)
    const [, decision] = route('auto', intent, WIDE_LIMITS, known, { events, aheadEvents: queue }, 0)
    const isBurst = decision.route === 'burst' && events > 0
    if (isBurst) {
      policy.sent()
      inFlight.push({ sentMs: atMs, events })
    } else queue += events
    steps.push({ atMs, delayMs: queue, bursting: intent.bursting, burst: isBurst ? events : 0, arrived: events })
  }
  return steps
}

function knownOf(backlogEvents: number, arrivals: readonly number[], inFlightEvents: number): Facts {
  const rate = (ms: number) => (sum(arrivals.slice(-ms / STEP_MS)) / ms) * 1000
  return facts({
    trueRate: TRUE_RATE,
    arrivalRate: rate(100),
    steadyRate: rate(1_000),
    backlogEvents,
    inFlightEvents,
    lanes: 8,
    laneRate: 1_000,
  })
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** When bursting changed. */
export const changesMs = (steps: readonly Step[]): number[] =>
  steps.filter(({ bursting }, at) => bursting !== (steps[at - 1]?.bursting ?? false)).map(({ atMs }) => atMs)

/** The most changes within any ten seconds. */
export const mostChanges = (steps: readonly Step[]): number => {
  const changes = changesMs(steps)
  return Math.max(0, ...changes.map((from) => changes.filter((at) => at >= from && at < from + 10_000).length))
}
