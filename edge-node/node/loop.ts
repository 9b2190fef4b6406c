import { lookAtTarget, overTargetForMs, type TargetWatch, watchFrom } from '../../core/control/target-watch'
import type { Intake } from '../../core/protocol/intake'
import type { Overflow } from '../burst/burst'
import type { WindowCloser } from '../closing/window-closer'
import type { Router } from '../control/router'
import type { Folding } from '../fold/fold'
import type { Appender } from '../ingest/appender'
import type { Arrivals } from '../ingest/arrivals'
import type { Clock } from '../observe/clock'
import type { CheckpointTaker } from './checkpoint-taker'

const TICK_MS = 50 // how often the controller looks without an envelope, and time without requests is counted
const MAX_TICK_MS = 200 // a process that was stopped for a minute was not idle for a minute

/** What is looked after when time passes. */
export interface LoopDependencies {
  /** Epoch time at which the monotonic clock was 0: keys are remembered by a time that never goes back. */
  readonly startedAtMs: number
  readonly intake: Pick<Intake, 'rememberAt' | 'tick'>
  readonly router: Pick<Router, 'burstWaiting' | 'controller'>
  readonly overflow: Pick<Overflow, 'tick'>
  readonly folding: Pick<Folding, 'readOn' | 'warnOfDying'>
  readonly arrivals: Pick<Arrivals, 'done'>
  readonly closer: Pick<WindowCloser, 'due'>
  readonly appender: Pick<Appender, 'appendInBackground'>
  readonly checkpoints: Pick<CheckpointTaker, 'takeIfDue'>
  /** Events accepted and counted nowhere yet. */
  readonly pending: () => number
  /** Why no request can be accepted now, or null. */
  readonly unready: () => string | null
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
}

/** Lets time pass for the parts of the node, a few times a second and always in the same order. */
export class Loop {
  private targetWatch: TargetWatch
  private lastTickMs = 0
  private cancelTick = () => {}
  private stopped = false

  constructor(private readonly deps: LoopDependencies) {
    this.targetWatch = watchFrom(deps.clock.monotonicMs())
  }

  start(): void {
    this.lastTickMs = this.deps.clock.monotonicMs()
    this.schedule()
  }

  stop(): void {
    this.stopped = true
    this.cancelTick()
  }

  /** For how long more events than are tolerated have been over the latency target; 0: they are not. */
  get overTargetForMs(): number {
    return overTargetForMs(this.targetWatch, this.deps.clock.monotonicMs())
  }

  private schedule(): void {
    this.cancelTick = this.deps.clock.after(TICK_MS, () => {
      this.tick()
      if (!this.stopped) this.schedule()
    })
  }

  private tick(): void {
    const { intake, router, overflow, arrivals, folding, closer, appender, checkpoints, pending, unready } = this.deps
    const nowMs = this.deps.clock.monotonicMs()
    const elapsedMs = Math.min(nowMs - this.lastTickMs, MAX_TICK_MS)
    this.lastTickMs = nowMs
    intake.rememberAt(this.deps.startedAtMs + nowMs)
    router.controller.look()
    overflow.tick()
    this.targetWatch = lookAtTarget(this.targetWatch, { ...arrivals.done, pending: pending() }, nowMs)
    // Data that waits outside must not become late; only too many keys resolve by closing, so then time goes on.
    if (router.controller.refusal() === null && unready() === null) intake.tick(elapsedMs)
    router.burstWaiting()
    folding.readOn() // where what was queued went to the cloud
    folding.warnOfDying()
    const closing = closer.due()
    if (closing !== null) appender.appendInBackground(closing)
    checkpoints.takeIfDue()
  }
}
