import { type Usage, zeroUsage } from '../../core/control/cost'
import { usageRepeated } from './model/bill'
import type { Delays } from './model/delays'
import type { World } from './model/world'

const CALM_MS = 500 // of rest that are gone through before more of it is passed over
const PERIOD_MS = 10_000 // of bursting: several rounds of the pollers
const SETTLE_MS = 5_000 // what the bin before has left is gone by then
const STEP_MS = 30_000 // how often the controller looks on the way
const GUARD_MS = 250 // the end of a bin is gone through in full
const CALM_BACKLOG_S = 0.03 // of arrivals: what lingers, and what is being folded
const ENVELOPE_S = 0.06 // of arrivals: what one more or less in a queue comes to
const SAME_SHARE = 0.02
const SAME_PART = 0.05

/** How things stood at a tick. */
interface Mark {
  readonly atMs: number
  readonly isCalm: boolean
  readonly share: number
  readonly backlog: number
  readonly inFlight: number
  readonly edge: number
  readonly burst: number
  readonly changes: number
  readonly flaps: number
  readonly throttled: number
  readonly usage: Usage
  readonly delays: Delays
}

/**
 * Passes over times in which nothing changes. Within a bin the rate is constant. When things stand as they stood some
 * time before in it, they will go on like that until its end: the events of that time get the delays of the time that
 * was gone through, and use as much.
 *
 * At rest (no queue, nothing in flight) the controller's clock goes on and it looks every 30 s, so that what it does by
 * time alone still happens. While bursting whole periods are passed over, and its clock stands still with the agenda's:
 * it cannot tell. Only an oracle's goes on, since that goes by it.
 */
export class Shortcut {
  /** What was used in the time passed over. */
  usage: Usage = zeroUsage()
  passedMs = 0
  private binEndMs = Number.NEGATIVE_INFINITY
  private binSeenMs = 0
  private patienceMs = 2 * PERIOD_MS
  private mark: Mark | null = null

  constructor(private readonly world: World) {}

  /** Called at each tick. */
  tick(): void {
    const { intake, arrivals, scenario } = this.world
    const nowMs = intake.traceMs
    const binEndMs = arrivals.rateAt(nowMs - scenario.given.ingestMs).untilMs + scenario.given.ingestMs
    if (binEndMs !== this.binEndMs) this.enter(binEndMs, nowMs)
    const leftMs = binEndMs - nowMs - GUARD_MS
    if (leftMs < 2 * CALM_MS || leftMs === Number.POSITIVE_INFINITY) return
    if (this.mark === null || this.isStale(this.mark, nowMs)) this.mark = this.look()
    else if (this.mark.isCalm) this.rest(this.mark, nowMs, leftMs)
    else if (!this.world.stays) this.repeat(this.mark, nowMs, leftMs)
  }

  private enter(binEndMs: number, nowMs: number): void {
    this.binEndMs = binEndMs
    this.binSeenMs = nowMs
    this.mark = null
    this.patienceMs = 2 * PERIOD_MS
  }

  /** Another kind of time has begun, or it was too early, or the period is longer than it seemed. */
  private isStale(mark: Mark, nowMs: number): boolean {
    if (mark.isCalm !== this.isCalm) return true
    if (mark.isCalm) return false
    const settledMs = this.binSeenMs + SETTLE_MS
    if (mark.atMs < settledMs) return nowMs >= settledMs
    if (nowMs - mark.atMs < this.patienceMs) return false
    this.patienceMs *= 2
    return true
  }

  private get isCalm(): boolean {
    const { world } = this
    if (world.overflow.inFlight > 0 || (world.controller.isBursting && !world.stays)) return false
    const { ratePerSecond } = world
    return ratePerSecond < world.capacity && world.backlogEvents <= ratePerSecond * CALM_BACKLOG_S + 3
  }

  private look(): Mark {
    const { world } = this
    const { ledger, overflow, controller } = world
    const { plan } = controller.intent
    return {
      atMs: world.intake.traceMs,
      isCalm: this.isCalm,
      share: plan.kind === 'share' ? plan.share : 0,
      backlog: world.backlogEvents,
      inFlight: overflow.inFlightEvents,
      edge: ledger.edge,
      burst: ledger.burst,
      changes: ledger.changes,
      flaps: ledger.flaps,
      throttled: overflow.throttled,
      usage: overflow.used(),
      delays: ledger.delays.copy(),
    }
  }

  private rest(mark: Mark, nowMs: number, leftMs: number): void {
    const { world } = this
    const counted = world.ledger.counted - mark.edge - mark.burst
    if (nowMs - mark.atMs < CALM_MS || (counted === 0 && world.ratePerSecond > 0)) return
    const before = this.passedMs
    let events = 0
    for (let left = leftMs; left > 0 && this.isCalm; left -= STEP_MS) {
      const came = this.pass(Math.min(STEP_MS, left))
      world.clockAheadMs += Math.min(STEP_MS, left)
      world.tell(came, came, 0)
      world.look()
      events += came
    }
    if (this.passedMs > before) this.count(mark, events, 0)
  }

  private repeat(mark: Mark, nowMs: number, leftMs: number): void {
    const { world } = this
    const periodMs = nowMs - mark.atMs
    const periods = Math.floor(leftMs / periodMs)
    if (periodMs < PERIOD_MS || periods < 1 || !this.isSame(mark)) return
    const events = this.pass(periods * periodMs)
    const burst = this.count(mark, events, periods)
    if (world.policy !== 'oracle') return
    world.clockAheadMs += periods * periodMs
    world.tell(events, events - burst, burst)
  }

  private pass(ms: number): number {
    this.passedMs += ms
    return this.world.intake.skip(ms)
  }

  /** Counts the events passed over as those since the mark, and returns how many of them burst. */
  private count(mark: Mark, events: number, periods: number): number {
    const { ledger, overflow } = this.world
    const { edge, burst, usage } = mark
    this.mark = null
    const counted = ledger.counted - edge - burst
    if (counted > 0) this.usage = usageRepeated(this.usage, usage, overflow.used(), events / counted)
    return ledger.repeat(mark, events, periods)
  }

  private isSame(mark: Mark): boolean {
    const { world } = this
    const { overflow, controller, ledger } = world
    const { plan } = controller.intent
    const share = plan.kind === 'share' ? plan.share : 0
    const envelope = world.ratePerSecond * ENVELOPE_S
    return (
      overflow.throttled === mark.throttled &&
      ledger.burst > mark.burst &&
      Math.abs(share - mark.share) < SAME_SHARE &&
      Math.abs(world.backlogEvents - mark.backlog) <= Math.max(envelope, mark.backlog * SAME_PART) &&
      Math.abs(overflow.inFlightEvents - mark.inFlight) <= Math.max(2 * envelope, mark.inFlight * SAME_PART)
    )
  }
}
