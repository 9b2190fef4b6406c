import type { Facts, RunningPolicy } from '../../../core/control/control'
import { type RouteLimits, route } from '../../../core/control/route'
import { type Rates, Sensor } from '../../../core/control/sensor'
import { facts } from '../../support/sample-facts'

const STEP_MS = 0.5

/**
 * A little edge: events queue for slots, each of which works on one at a time. Readings are taken at the given pace, by
 * turns.
 */
export class LittleEdge {
  readonly seen: (Rates & { readonly atMs: number })[] = []
  /** Events that arrive per second, evenly spread; an event takes `costMs` of a slot. */
  arrivalRate = 0
  costMs = 1
  /** Slots whose work never ends. */
  hanging = 0
  /** Events that wait for a slot. */
  queued = 0
  private readonly left: number[]
  private readonly sensor = new Sensor()
  private readonly counters = { atMs: 0, accepted: 0, folded: 0, busyMs: 0, sent: 0, divertMs: 0 }
  private due = 0
  private nextReadMs = 0
  private reads = 0

  constructor(
    slots: number,
    private readonly paceMs: readonly number[] = [20],
    /** Folding holds the thread, so that nothing is ever seen to wait. */
    private readonly holdsThread = false,
  ) {
    this.left = Array(slots).fill(0)
  }

  /** The latest rates. */
  get rates(): Rates {
    return this.seen.at(-1)!
  }

  batch(events: number): this {
    this.counters.accepted += events
    this.queued += events
    return this
  }

  /** Events go to the cloud; each takes the thread so long. */
  send(events: number, microseconds: number): this {
    this.counters.sent += events
    this.counters.divertMs += (events * microseconds) / 1000
    return this
  }

  run(ms: number): this {
    for (let passed = 0; passed < ms; passed += STEP_MS) this.step()
    return this
  }

  private step(): void {
    this.due += (this.arrivalRate * STEP_MS) / 1000
    const arrived = Math.floor(this.due + 1e-9)
    this.due -= arrived
    this.batch(arrived)
    let isBusy = false
    for (let slot = 0; slot < this.left.length; slot++) isBusy = this.work(slot) || isBusy
    this.counters.atMs += STEP_MS
    if (isBusy) this.counters.busyMs += STEP_MS
    if (this.counters.atMs >= this.nextReadMs) this.read()
  }

  /** Lets a slot work for a step; whether it had work. */
  private work(slot: number): boolean {
    let timeMs = STEP_MS
    let worked = false
    while (timeMs > 1e-9) {
      if (this.left[slot]! <= 0 && !this.begin(slot)) return worked
      worked = true
      if (slot < this.hanging) return true
      const spentMs = Math.min(timeMs, this.left[slot]!)
      timeMs -= spentMs
      this.left[slot]! -= spentMs
      if (this.left[slot]! > 1e-9) return true
      this.left[slot] = 0
      this.counters.folded += 1
    }
    return worked
  }

  private begin(slot: number): boolean {
    if (this.queued === 0) return false
    this.queued -= 1
    this.left[slot] = this.costMs
    return true
  }

  private read(): void {
    this.nextReadMs = this.counters.atMs + this.paceMs[this.reads++ % this.paceMs.length]!
    const { busyMs } = this.counters
    const thread = this.holdsThread ? { waiting: false, heldMs: busyMs } : { waiting: this.queued > 0 }
    this.seen.push({
      ...this.sensor.read({ ...this.counters, ...thread, taken: this.counters.sent }),
      atMs: this.counters.atMs,
    })
  }
}

const QUEUE_STEP_MS = 50
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
  for (let atMs = 0; atMs < seconds * 1000; atMs += QUEUE_STEP_MS) {
    const events = (load(atMs / 1000) * TRUE_RATE * QUEUE_STEP_MS) / 1000
    queue = Math.max(0, queue - (TRUE_RATE * QUEUE_STEP_MS) / 1000)
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
  const rate = (ms: number) => (sum(arrivals.slice(-ms / QUEUE_STEP_MS)) / ms) * 1000
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
