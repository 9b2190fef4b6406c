import type { Facts } from './control'
import { TrueRate, type WorkCounters } from './true-rate'

/**
 * Counters of the edge since its start, never reset (rates are differences between readings); `waiting` is of the
 * moment.
 */
export interface Counters extends WorkCounters {
  /** When they were read, on a monotonic clock. */
  readonly atMs: number
  /** Events accepted. */
  readonly accepted: number
  /** Events handed to the cloud's way, and the thread time that took. */
  readonly sent: number
  readonly divertMs: number
  /** Of those sent, how many the cloud is known to have taken. */
  readonly taken: number
}

/** What the counters say of now; `core/control/control.ts` has the meanings. */
export type Rates = Pick<
  Facts,
  'trueRate' | 'arrivalRate' | 'steadyRate' | 'utilization' | 'sentRate' | 'divertUs' | 'foldUs'
> & {
  /** Events per second that the cloud took over the last second. */
  readonly takenRate: number
}

const NOW_MS = 40 // after this time a step shows in full; whether it lasts is for the policy to tell
const STEADY_MS = 1_000
const FEW_EVENTS = 20 // fewer are no trend: three events of a slow pipeline in 40 ms are not 75 a second
const GRAIN_MS = 10 // samples closer than this are thinned out, however often the counters are read

/**
 * Makes rates of the edge's counters. It has no clock and bounded memory. Readings may come at any pace; it is made for
 * one every 20 to 50 ms.
 */
export class Sensor {
  private readonly samples: Counters[] = []
  private readonly trueRate = new TrueRate()
  private readonly divertCost = new DivertCost()
  private computeUs = 0

  /** Takes a reading and returns the rates. The first reading is where counting begins: rates are 0. */
  read(counters: Counters): Rates {
    this.remember(counters)
    const trend = sinceThen(counters, this.trendStart())
    const second = sinceThen(counters, this.samples[0]!)
    const trueRate = this.trueRate.read(counters)
    if (second.folded > 0) this.computeUs = (second.heldMs / second.folded) * 1000
    return {
      trueRate,
      foldUs: counters.waits === false ? this.computeUs : trueRate > 0 ? 1e6 / trueRate : 0,
      takenRate: perSecond(second.taken, second.ms),
      arrivalRate: perSecond(trend.accepted, trend.ms),
      steadyRate: perSecond(second.accepted, second.ms),
      utilization: share(second.busyMs, second.ms),
      sentRate: perSecond(second.sent, second.ms),
      divertUs: this.divertCost.read(counters),
    }
  }

  /** Keeps samples of the last second, and one before it: the first of them is where the second begins. */
  private remember(counters: Counters): void {
    const { samples } = this
    if (samples.length > 1 && samples.at(-1)!.atMs - samples.at(-2)!.atMs < GRAIN_MS) samples.pop()
    samples.push(counters)
    while (samples.length > 2 && counters.atMs - samples[1]!.atMs >= STEADY_MS) samples.shift()
  }

  /** The latest sample that is old enough and far enough back to see enough events; the oldest where there is none. */
  private trendStart(): Counters {
    const { accepted, atMs } = this.samples.at(-1)!
    const tells = (sample: Counters) => atMs - sample.atMs >= NOW_MS && accepted - sample.accepted >= FEW_EVENTS
    return this.samples.findLast(tells) ?? this.samples[0]!
  }
}

const DIVERT_EVENTS = 10_000
const DIVERT_GRAIN = 1_000 // also the fewest events that tell the cost: the first calls run cold
const DIVERT_FORGOTTEN_MS = 5_000 // a cost that forbids sending is never measured again unless it is forgotten

/** What sending an event costs the edge, over the events sent last. */
class DivertCost {
  private readonly marks: Pick<Counters, 'sent' | 'divertMs'>[] = []
  private sent = 0
  private sentAtMs = 0

  /** In microseconds; 0 before enough was sent, and when nothing was for a while. */
  read({ sent, divertMs, atMs }: Counters): number {
    const { marks } = this
    if (atMs - this.sentAtMs >= DIVERT_FORGOTTEN_MS) marks.length = 0
    if (marks.length === 0 || sent !== this.sent) this.sentAtMs = atMs
    this.sent = sent
    if (marks.length === 0 || sent - marks.at(-1)!.sent >= DIVERT_GRAIN) marks.push({ sent, divertMs })
    while (marks.length > 2 && sent - marks[1]!.sent >= DIVERT_EVENTS) marks.shift()
    const events = sent - marks[0]!.sent
    return events < DIVERT_GRAIN ? 0 : (Math.max(0, divertMs - marks[0]!.divertMs) / events) * 1000
  }
}

const sinceThen = (now: Counters, then: Counters) => ({
  ms: now.atMs - then.atMs,
  accepted: now.accepted - then.accepted,
  sent: now.sent - then.sent,
  taken: now.taken - then.taken,
  folded: now.folded - then.folded,
  heldMs: (now.heldMs ?? 0) - (then.heldMs ?? 0),
  busyMs: now.busyMs - then.busyMs,
})

/** Less than NOW_MS is not long enough to make a rate of. */
const perSecond = (events: number, ms: number) => (Math.max(0, events) / Math.max(NOW_MS, ms)) * 1000

const share = (part: number, whole: number) => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)
