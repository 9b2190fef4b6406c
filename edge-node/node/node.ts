import type { Lanes } from '../../cloud/deployment'
import { lookAtTarget, overTargetForMs, type TargetWatch, watchFrom } from '../../core/control/target-watch'
import type { EdgeState } from '../../core/protocol/edge-state'
import type { Envelope } from '../../core/protocol/envelope'
import { type Intake, isRemembered, type ReadRequest } from '../../core/protocol/intake'
import type { Ledger } from '../../core/protocol/ledger'
import type { Answer, FinalRecord, LogRecord } from '../../core/protocol/log-record'
import type { MergeWork } from '../../core/protocol/manifest'
import { rejectedCount } from '../../core/protocol/rejections'
import { Overflow } from '../burst/burst'
import { Finisher } from '../closing/closing'
import { type DeadOf, Merger } from '../closing/merger'
import { burstLingerMs, type Config } from '../config/config'
import type { Controller } from '../control/control'
import { Router } from '../control/router'
import { type EventCounts, Folding } from '../fold/fold'
import { Arrivals } from '../ingest/arrivals'
import { Cutter, type Sequel } from '../ingest/cutter'
import { Checkpointer } from '../log/checkpointer'
import { BurstParts } from '../observe/burst-parts'
import type { Clock } from '../observe/clock'
import type { UnfinishedWindow } from '../observe/feed'
import { alsoTelling, NO_TRACE } from '../observe/observe'
import type { NodeDependencies } from './node-dependencies'

const TICK_MS = 50 // how often the controller looks without an envelope, and time without requests is counted
const MAX_RETRY_AFTER_MS = 2_000 // well below the idle timeout: a client that waits to try again is not idle
const MAX_TICK_MS = 200 // a process that was stopped for a minute was not idle for a minute

/** How a request to ingest ended. */
export type Ingested =
  | { readonly kind: 'accepted'; readonly answer: Answer }
  /** Nothing was, and the same may be sent again under its key. */
  | {
      readonly kind: 'refused'
      readonly code: 'overloaded' | 'too_many_keys' | 'too_many_windows'
      readonly reason: string
      readonly retryAfterMs: number
    }
  /** Its key was answered for another body. */
  | { readonly kind: 'reused' }

type Refused = Extract<Ingested, { kind: 'refused' }>

/**
 * The edge node without its HTTP surface: admission, log, routing, folding, closing. Everything that changes state
 * happens synchronously in the order of the log; what others may see happens after the log is durable.
 */
export class EdgeNode {
  /** Of the log. */
  readonly incarnation: string
  readonly arrivals: Arrivals
  readonly overflow: Overflow
  readonly burstParts: BurstParts
  readonly cutter: Cutter
  readonly folding: Folding

  private readonly intake: Intake
  private readonly ledger: Ledger
  private readonly state: EdgeState
  private readonly router: Router
  readonly finisher: Finisher
  readonly checkpointer: Checkpointer
  private linger: (() => void) | undefined
  /** Events accepted by this process: what it found in its log did not arrive now. */
  private admitted = 0
  /** Requests of this process that the log has, those among them that accepted nothing too. */
  private loggedRequests = 0
  private cancelTick = () => {}
  private lastTickMs = 0
  private targetWatch: TargetWatch
  /** Epoch time at which the monotonic clock was 0: keys are remembered by a time that never goes back. */
  private readonly startedAtMs: number
  private readonly clock: Clock
  private stopped = false

  constructor(private readonly deps: NodeDependencies) {
    const { config, pipeline, recovered, cloud, logger, clock } = deps
    const named = (component: string) => ({ ...deps, logger: logger.child({ component }) })
    this.clock = clock
    this.burstParts = new BurstParts(config.transport, clock)
    this.targetWatch = watchFrom(clock.monotonicMs())
    const trace = alsoTelling(deps.trace ?? NO_TRACE, this.burstParts)
    this.startedAtMs = recovered.boot.atMs - clock.monotonicMs()
    this.arrivals = new Arrivals(config.latencyTargetMs)
    this.intake = recovered.intake
    this.ledger = recovered.ledger
    this.state = recovered.state
    const deadOf: DeadOf = (envelope) => deps.deadLetters.of?.(envelope)
    const { intake, ledger, arrivals, state } = this
    const onCounted = this.finishWindows.bind(this)
    this.folding = new Folding({ ...deps, ledger, state, arrivals, trace, onCounted }, intake.open.events)
    const { boot } = recovered
    this.incarnation = boot.incarnation
    const from = { pipeline: pipeline.name, version: boot.version, incarnation: boot.incarnation }
    const mergeCloud = { ...cloud, onMerged: (work: MergeWork) => this.overflow.usage.merged(work) }
    const merger = new Merger(pipeline, from, boot.epoch, this.state, mergeCloud, named('merger').logger, clock, deadOf)
    const { log, results, deadLetters } = deps
    const onFinal = ({ endMs }: FinalRecord) => this.letGo(endMs)
    const onRecall = this.folding.recall.bind(this.folding)
    const finisherDeps = { merger, deadLetters, results, log, version: boot.version, onFinal, onRecall, trace }
    this.finisher = new Finisher(finisherDeps, clock)
    this.checkpointer = new Checkpointer({ ...named('checkpoints'), intake }, config.checkpointEveryMs, clock)
    const { maxEnvelopeBytes } = config
    const onCut = this.route.bind(this)
    const maxEnvelopeEvents = () => this.controller.envelopeEvents
    this.cutter = new Cutter({ intake, ledger, arrivals, maxEnvelopeBytes, maxEnvelopeEvents, trace, onCut })
    const { folding } = this
    this.overflow = new Overflow({
      ...named('overflow'),
      lanes: () => this.lanes,
      trace,
      ledger,
      from,
      partials: cloud.partials,
      onCounted: folding.countedInBurst.bind(folding),
      onReclaimed: folding.reclaimed.bind(folding),
    })
    const { workers, apart, unread } = folding
    const { cutter, overflow } = this
    const admitted = () => this.admitted
    this.router = new Router({
      ...named('controller'),
      intake,
      ledger,
      cutter,
      workers,
      apart,
      unread,
      overflow,
      admitted,
    })
  }

  /** Takes up what the log left unfinished and starts the loops. */
  start(): void {
    this.folding.start()
    if (this.intake.open.events > 0) this.setLinger(0)
    this.lastTickMs = this.clock.monotonicMs()
    this.scheduleTick()
    this.overflow.start()
    this.finishWindows()
  }

  /**
   * Stops the loops, takes a checkpoint and flushes the log. What was accepted is in it; the next start goes on from
   * there. The caller has stopped calling `ingest`.
   */
  async stop(): Promise<void> {
    if (this.deps.log.healthy) await this.lastCheckpoint()
    this.stopped = true
    this.folding.stop()
    this.cancelTick()
    this.linger?.()
    this.overflow.stop()
    this.finisher.stop()
    await this.deps.log.close()
    await this.deps.keys.close()
    await this.deps.deadLetters.close()
    await this.deps.care?.suspects.close()
  }

  /** Why no request can be accepted now, in words; null while they can. */
  get unready(): string | null {
    if (this.stopped) return 'the node is stopping'
    if (this.deps.diskSpace.isGone)
      return 'the data folder was removed or replaced under the node; stop it, see to the folder, and start it again'
    if (!this.deps.log.healthy) return 'the log cannot be written'
    return this.deps.diskSpace.isLow ? 'the disk is nearly full' : null
  }

  /** Somebody sends something: waiting for that begins anew, unless only closings can make room for it. */
  touch(): void {
    const { maxGroups, maxOpenPanes } = this.deps.config
    if (this.state.groups < maxGroups && this.intake.panes < maxOpenPanes) this.intake.touch()
  }

  /**
   * Admits a request, and resolves once what was accepted is on disk. `scheduledAtMs` is when the client meant to send
   * it, where it says so. Rejects with LogFailed when the log cannot be written.
   */
  async ingest(request: ReadRequest, scheduledAtMs: number | null): Promise<Ingested> {
    const { config } = this.deps
    const repeated = this.intake.repeated(request)
    if (repeated === 'reused') return { kind: 'reused' }
    if (repeated !== null) {
      await this.deps.log.flushed() // the first request may still be on its way to the disk
      return { kind: 'accepted', answer: repeated }
    }
    const refusal = this.refusal(request.key)
    if (refusal !== null) return refusal
    const record = this.intake.admit(request)
    if (record === null) return this.refused('too_many_windows', `${config.maxOpenPanes} panes are open already`)
    const nowMs = this.clock.epochMs()
    this.arrivals.accepted(this.intake.nextOffset, nowMs, scheduledAtMs)
    this.admitted += record.answer.accepted
    this.events.accepted += record.answer.accepted
    this.events.late += record.answer.late
    this.events.rejected += rejectedCount(record.answer)
    if (isRemembered(record.answer)) {
      this.loggedRequests += 1
      await this.append([record], this.dueClosing() ?? this.cutter.due())
    } else await this.deps.log.appendNow([]) // the horizon that the answer names may still be on its way to the disk
    return { kind: 'accepted', answer: record.answer }
  }

  /**
   * Sets the burst mode, for events that are accepted from now on: what came before is cut and goes its way first.
   * Resolves when the mode holds. Rejects with LogFailed while the disk refuses; then the mode is as it was.
   */
  async setMode(mode: Config['mode']): Promise<void> {
    const cuts = this.cutter.all()
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        cuts.proceed?.()
        resolve()
      }
      this.append([], { records: cuts.records, proceed }).catch(reject)
    })
    this.controller.mode = mode
  }

  /** The windows that are not final. */
  unfinished(): UnfinishedWindow[] {
    const { sizeMs } = this.deps.pipeline.window
    return this.ledger.unfinished().map(({ endMs, ...rest }) => ({ start: endMs - sizeMs, end: endMs, ...rest }))
  }

  /**
   * The end of the first window that is not final, and the first event that may be folded again; Infinity when there is
   * none.
   */
  needed(): { readonly endMs: number; readonly offset: number } {
    const ends = this.ledger.unfinished().map(({ endMs }) => endMs)
    return { endMs: Math.min(...ends), offset: this.ledger.neededOffset() }
  }

  /** For how long more events than are tolerated have been over the latency target; 0: they are not. */
  get overTargetForMs(): number {
    return overTargetForMs(this.targetWatch, this.clock.monotonicMs())
  }

  get controller(): Controller {
    return this.router.controller
  }

  get lanes(): Lanes {
    return this.deps.lanes()
  }

  get progress() {
    return {
      windows: { ...this.ledger.tally(), final: this.deps.results.count },
      horizonMs: this.intake.horizonMs,
      watermarkMs: this.intake.watermarkMs(this.clock.epochMs()),
      groups: this.state.groups,
      panes: this.intake.panes,
      answerBytes: this.intake.answerBytes,
      ...this.folding.waiting,
      ...this.folding.workers.counters(),
    }
  }

  get events(): EventCounts {
    return this.folding.events
  }

  /** Events accepted and counted nowhere yet. */
  get pending(): number {
    const { accepted, edge, burst, deadLettered } = this.events
    return accepted - edge - burst - deadLettered
  }

  /** Why a request cannot be taken now, or null. */
  private refusal(key: string | null): Refused | null {
    const { maxGroups, maxAnswerBytes, rememberKeysMs } = this.deps.config
    if (this.state.groups >= maxGroups) return this.refused('overloaded', `${maxGroups} keys are held already`)
    const overloaded = this.controller.refusal()
    if (overloaded !== null) return this.refused('overloaded', overloaded)
    if (key === null || this.intake.keyRoomInMs === 0) return null
    const reason = `the idempotency keys of the last ${rememberKeysMs / 1_000} s fill their ${maxAnswerBytes} bytes; send more events a request, or raise maxAnswerBytes`
    return this.refused('too_many_keys', reason)
  }

  private refused(code: Refused['code'], reason: string): Refused {
    const soonMs = code === 'too_many_keys' ? this.intake.keyRoomInMs : this.controller.decision.queueDelayMs / 10
    return { kind: 'refused', code, reason, retryAfterMs: Math.min(MAX_RETRY_AFTER_MS, Math.max(200, soonMs)) }
  }

  /**
   * Appends in the order of the state changes; `proceed` runs once all of it is durable. Rejects with LogFailed while
   * the disk refuses.
   */
  private append(records: readonly LogRecord[], after: Sequel): Promise<void> {
    const { log, config } = this.deps
    const written = log.appendNow([...records, ...after.records])
    if (after.proceed !== undefined) log.flushed().then(after.proceed, () => undefined)
    this.setLinger(this.controller.isSending ? burstLingerMs(config, this.lanes.consumer) : config.edgeLingerMs)
    return written
  }

  /** Cuts everything and moves the horizon, when the watermark passed a window with events. */
  private dueClosing(): Sequel | null {
    const horizonMs = this.intake.dueHorizonMs(this.clock.epochMs())
    if (horizonMs === null) return null
    const cuts = this.cutter.all()
    const closing = this.intake.close(horizonMs)
    return { records: [...cuts.records, closing], proceed: () => this.afterClosing(cuts, horizonMs) }
  }

  private afterClosing(cuts: Sequel, horizonMs: number): void {
    cuts.proceed?.()
    for (const endMs of this.ledger.close(horizonMs)) this.finisher.closed(endMs)
    this.finishWindows()
  }

  private setLinger(lingerMs: number): void {
    if (this.linger !== undefined || this.intake.open.events === 0) return
    this.linger = this.clock.after(lingerMs, () => {
      this.linger = undefined
      const cuts = this.cutter.all()
      if (cuts.records.length > 0 && !this.stopped) void this.append([], cuts).catch(() => undefined)
    })
  }

  private route(envelope: Envelope): void {
    if (this.stopped) return
    this.router.route(envelope)
  }

  private finishWindows(): void {
    for (const account of this.ledger.takeComplete()) this.finisher.finish(account)
  }

  private letGo(endMs: number): void {
    this.ledger.finalize(endMs)
    this.folding.foldRecalled()
    this.state.release((each) => each <= this.intake.horizonMs && this.ledger.phaseOf(each) === undefined)
  }

  private scheduleTick(): void {
    this.cancelTick = this.clock.after(TICK_MS, () => {
      this.tick()
      if (!this.stopped) this.scheduleTick()
    })
  }

  /** Copies the state at a place in the log where everything is cut, and writes it in the background. */
  private checkpoint(): Promise<void> {
    const cuts = this.cutter.all()
    if (cuts.records.length > 0) void this.append([], cuts).catch(() => undefined)
    const content = () => ({
      pipeline: this.deps.pipeline.name,
      boot: this.deps.recovered.boot,
      intake: this.intake.snapshot(),
      ledger: this.ledger.snapshot(),
      finals: this.deps.results.count,
    })
    return this.checkpointer.take(content, () => this.state.freeze(), this.ledger.neededOffset())
  }

  /** Tells one state of the node from another: while it stays, the last checkpoint says all there is to say. */
  private mark(): string {
    const { nextOffset, horizonMs, open } = this.intake
    return `${nextOffset} ${horizonMs} ${this.deps.results.count} ${open.events} ${this.loggedRequests}`
  }

  private async lastCheckpoint(): Promise<void> {
    await this.checkpointer.settled()
    await this.deps.log.flushed()
    if (!this.finisher.committing) await this.checkpoint()
  }

  private tick(): void {
    const nowMs = this.clock.monotonicMs()
    const elapsedMs = Math.min(nowMs - this.lastTickMs, MAX_TICK_MS)
    this.lastTickMs = nowMs
    this.intake.rememberAt(this.startedAtMs + nowMs)
    this.controller.look()
    this.overflow.tick()
    this.targetWatch = lookAtTarget(this.targetWatch, { ...this.arrivals.done, pending: this.pending }, nowMs)
    // Data that waits outside must not become late; only too many keys resolve by closing, so then time goes on.
    if (this.controller.refusal() === null && this.unready === null) this.intake.tick(elapsedMs)
    this.router.burstWaiting()
    this.folding.readOn() // where what was queued went to the cloud
    const closing = this.dueClosing()
    if (closing !== null) void this.append([], closing).catch(() => undefined)
    const maySnapshot = !this.finisher.committing && this.deps.log.healthy
    if (maySnapshot && this.checkpointer.isDue(() => this.mark())) void this.checkpoint()
  }
}
