import type { Logger } from 'pino'
import type { PartialStore } from '../cloud/partial-store'
import type { ResultStore } from '../cloud/result-store'
import { EdgeState } from '../core/edge-state'
import type { Envelope } from '../core/envelope'
import type { EnvelopePartial } from '../core/fold'
import type { CutEnvelope, Intake, ReadRequest } from '../core/intake'
import type { Ledger } from '../core/ledger'
import type { Answer, FinalRecord, LogRecord } from '../core/log-record'
import type { Pipeline } from '../core/pipeline'
import { type BurstMode, type Decision, decide, type Facts, prewarmDue } from '../core/policy'
import { TrueRate } from '../core/sensor'
import { Arrivals } from './arrivals'
import { BurstSender } from './burst-sender'
import type { Clock } from './clock'
import type { Config } from './config'
import type { DeadLetters } from './dead-letters'
import { Episodes } from './episodes'
import { Finisher } from './finisher'
import { HeadWatcher, type InFlight, type Verdict } from './head-watcher'
import type { Log } from './log'
import { type MergeCloud, Merger } from './merger'
import type { Prewarmer } from './prewarmer'
import type { Recovered } from './recovery'
import type { Results } from './results'
import { joinSequels, type Sequel } from './sequel'
import { CloudUsage } from './usage'
import { Workers } from './workers'

const TICK_MS = 100 // how often rates are read and time without requests is counted
const MAX_RETRY_AFTER_MS = 2_000 // well below the idle timeout: a client that waits to try again is not idle
const MAX_TICK_MS = 200 // a process that was stopped for a minute was not idle for a minute

/** What the node works with besides its own state. */
export interface NodeDependencies {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly log: Log
  readonly recovered: Recovered
  readonly results: Pick<Results, 'store' | 'publish' | 'count'>
  readonly deadLetters: Pick<DeadLetters, 'add' | 'flush' | 'close'>
  readonly cloud: Omit<MergeCloud, 'onMerged'> & { readonly partials: PartialStore; readonly results: ResultStore }
  readonly prewarmer: Pick<Prewarmer, 'prewarm' | 'worked'>
  readonly stream: ConstructorParameters<typeof BurstSender>[0]
  readonly logger: Logger
  readonly clock: Clock
}

/** How a request to ingest ended. */
export type Ingested =
  | { readonly kind: 'accepted'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs: number }

/** Cumulative counts of events since this process started; `accepted` includes those that it found unfinished in the log. */
export interface EventCounts {
  accepted: number
  edge: number
  burst: number
  late: number
  rejected: number
  deadLettered: number
}

/**
 * The edge node without its HTTP surface: admission, log, routing, folding, closing. Everything that changes state happens synchronously in
 * the order of the log; what others may see happens after the log is durable.
 */
export class EdgeNode {
  readonly events: EventCounts = { accepted: 0, edge: 0, burst: 0, late: 0, rejected: 0, deadLettered: 0 }
  readonly arrivals = new Arrivals()
  readonly usage = new CloudUsage()
  readonly episodes = new Episodes()
  readonly sender: BurstSender
  /** Envelopes cut. */
  envelopes = 0
  mode: BurstMode
  decision: Decision = { route: 'edge', queueDelayMs: 0, reason: 'nothing has come yet' }
  trueRate = 0

  private readonly intake: Intake
  private readonly ledger: Ledger
  private readonly state: EdgeState
  private readonly workers: Workers
  readonly finisher: Finisher
  private readonly watcher: HeadWatcher
  private readonly rate = new TrueRate(2_000, 20)
  private linger: (() => void) | undefined
  private cancelTick = () => {}
  private lastTickMs = 0
  private readonly clock: Clock
  private stopped = false

  constructor(private readonly deps: NodeDependencies) {
    const { config, pipeline, recovered, cloud, logger, clock } = deps
    this.clock = clock
    this.mode = config.mode
    this.intake = recovered.intake
    this.ledger = recovered.ledger
    this.state = new EdgeState(pipeline)
    this.workers = new Workers(pipeline, config.workers, this.foldedAtEdge.bind(this), () => clock.monotonicMs())
    this.sender = new BurstSender(deps.stream, {
      accepted: () => this.episodes.accepted(this.clock.epochMs()),
      failed: ({ number, digest }) =>
        this.apply({ number, digest, reclaimAtMs: 0 }, { kind: 'reclaim', reason: 'the stream did not take it' }),
    })
    const { boot } = recovered
    const from = { pipeline: pipeline.name, version: boot.version, incarnation: boot.incarnation }
    const mergeCloud = { ...cloud, onMerged: this.usage.merged.bind(this.usage) }
    const merger = new Merger(pipeline, from, boot.epoch, this.state, mergeCloud, logger, clock)
    const { log, results, deadLetters } = deps
    const onFinal = ({ endMs }: FinalRecord) => this.letGo(endMs)
    const { finals } = recovered
    this.finisher = new Finisher({ merger, deadLetters, results, log, version: boot.version, finals, onFinal }, clock)
    this.watcher = new HeadWatcher(
      {
        store: cloud.partials,
        from,
        pollMs: config.headPollMs,
        inFlight: () => this.ledger.inFlight(),
        onVerdict: (envelope, verdict) => this.apply(envelope, verdict),
        logger,
      },
      clock,
    )
  }

  /** Takes up what the log left unfinished and starts the loops. */
  start(): void {
    const unfinished = this.ledger.queued()
    this.events.accepted += unfinished.reduce((events, { count }) => events + count, this.intake.open.events)
    for (const envelope of unfinished) this.workers.enqueue(envelope)
    if (this.intake.open.events > 0) this.setLinger(0)
    this.lastTickMs = this.clock.monotonicMs()
    this.scheduleTick()
    this.watcher.start()
    this.finishWindows()
  }

  /** Stops the loops and flushes the log. What was accepted is in it; the next start goes on from there. */
  async stop(): Promise<void> {
    this.stopped = true
    this.cancelTick()
    this.linger?.()
    this.watcher.stop()
    this.finisher.stop()
    await this.deps.log.close()
    await this.deps.deadLetters.close()
  }

  /** True while requests can be accepted. */
  get ready(): boolean {
    return this.deps.log.healthy && !this.stopped
  }

  /**
   * Admits a request, and resolves once what was accepted is on disk. `scheduledAtMs` is when the client meant to send it, where
   * it says so. Rejects with LogFailed when the log cannot be written.
   */
  async ingest(request: ReadRequest, scheduledAtMs: number | null): Promise<Ingested> {
    const repeated = request.key === null ? undefined : this.intake.answered(request.key)
    if (repeated !== undefined) {
      await this.deps.log.flushed() // the first request may still be on its way to the disk
      return { kind: 'accepted', answer: repeated }
    }
    const refusal = this.refusal()
    if (refusal !== null) {
      if (this.decision.route === 'refuse') this.intake.touch()
      return { kind: 'refused', reason: refusal, retryAfterMs: this.retryAfterMs() }
    }
    const record = this.intake.admit(request)
    this.arrivals.accepted(this.intake.nextOffset, scheduledAtMs)
    this.events.accepted += record.answer.accepted
    this.events.late += record.answer.late
    this.events.rejected += record.answer.rejected.length
    await this.append([record], this.dueClosing() ?? this.dueCuts())
    return { kind: 'accepted', answer: record.answer }
  }

  /** What is known now; see `core/policy.ts`. */
  facts(): Facts {
    const { inFlight, inFlightBytes } = this.ledger.tally()
    const { events, bytes } = this.workers.backlog
    const { open } = this.intake
    return {
      trueRate: this.trueRate,
      backlogEvents: events + open.events,
      backlogBytes: bytes + open.bytes,
      inFlightEnvelopes: inFlight,
      inFlightBytes,
    }
  }

  get progress() {
    return {
      windows: { ...this.ledger.tally(), final: this.deps.results.count },
      horizonMs: this.intake.horizonMs,
      watermarkMs: this.intake.watermarkMs,
      groups: this.state.groups,
      ...this.workers.counters(),
    }
  }

  /** Why a request cannot be taken now, or null. */
  private refusal(): string | null {
    if (this.state.groups >= this.deps.config.maxGroups) return `${this.deps.config.maxGroups} keys are held already`
    const decision = this.decide()
    return decision.route === 'refuse' ? decision.reason : null
  }

  private retryAfterMs(): number {
    return Math.min(MAX_RETRY_AFTER_MS, Math.max(200, this.decision.queueDelayMs / 10))
  }

  private decide(): Decision {
    const { config, prewarmer } = this.deps
    const facts = this.facts()
    this.decision = decide(this.mode, config, this.decision.route === 'burst', facts)
    if (prewarmDue(this.mode, config, facts)) prewarmer.prewarm(this.clock.monotonicMs())
    return this.decision
  }

  /** Appends in the order of the state changes; `proceed` runs once all of it is durable. */
  private append(records: readonly LogRecord[], after: Sequel): Promise<void> {
    const durable = this.deps.log.append([...records, ...after.records])
    if (after.proceed !== undefined) durable.then(after.proceed, () => undefined)
    const { burstLingerMs, edgeLingerMs } = this.deps.config
    this.setLinger(this.decision.route === 'burst' ? burstLingerMs : edgeLingerMs)
    return durable
  }

  /** Cuts everything and moves the horizon, when the watermark passed a window with events. */
  private dueClosing(): Sequel | null {
    const horizonMs = this.intake.dueHorizonMs(this.clock.epochMs())
    if (horizonMs === null) return null
    const cuts = this.cutAll()
    const closing = this.intake.close(horizonMs)
    return { records: [...cuts.records, closing], proceed: () => this.afterClosing(cuts, horizonMs) }
  }

  private afterClosing(cuts: Sequel, horizonMs: number): void {
    cuts.proceed?.()
    for (const endMs of this.ledger.close(horizonMs)) this.finisher.closed(endMs)
    this.finishWindows()
  }

  /** Cuts what has reached the size of an envelope; the rest lingers. */
  private dueCuts(): Sequel {
    const due: Sequel[] = []
    while (this.intake.open.bytes >= this.deps.config.maxEnvelopeBytes) due.push(this.cutOne())
    return joinSequels(due)
  }

  private cutAll(): Sequel {
    const due: Sequel[] = []
    while (this.intake.open.events > 0) due.push(this.cutOne())
    return joinSequels(due)
  }

  private cutOne(): Sequel {
    const made = this.intake.cut(this.deps.config.maxEnvelopeBytes)
    if (made === null) return { records: [] }
    const { number, firstOffset, count } = made.cut.envelope
    this.arrivals.cutEnvelope(number, firstOffset, count)
    this.ledger.enter(made.cut)
    this.envelopes += 1
    return { records: [made.record], proceed: () => this.route(made.cut) }
  }

  private setLinger(lingerMs: number): void {
    if (this.linger !== undefined || this.intake.open.events === 0) return
    this.linger = this.clock.after(lingerMs, () => {
      this.linger = undefined
      const cuts = this.cutAll()
      if (cuts.records.length > 0 && !this.stopped) void this.append([], cuts).catch(() => undefined)
    })
  }

  private route({ envelope }: CutEnvelope): void {
    if (this.stopped) return
    const { route } = this.decide()
    switch (route) {
      case 'edge':
      case 'refuse': // it was accepted already: it waits
        this.workers.enqueue(envelope)
        return
      case 'burst': {
        const { reclaimAfterMs } = this.deps.config
        this.ledger.send(envelope.number, this.clock.monotonicMs() + reclaimAfterMs)
        this.episodes.sent(this.clock.epochMs(), this.decision)
        this.sender.send(envelope, this.clock.epochMs() + reclaimAfterMs)
        return
      }
    }
  }

  private apply(envelope: InFlight, verdict: Exclude<Verdict, { kind: 'wait' }>): void {
    switch (verdict.kind) {
      case 'count':
        this.countBurst(envelope.number, verdict.head)
        return
      case 'reclaim': {
        const taken = this.ledger.reclaim(envelope.number)
        if (taken === null) return
        this.deps.logger.warn(
          { envelope: envelope.number, reason: verdict.reason },
          'an envelope comes back to the edge',
        )
        this.workers.enqueueFirst(taken)
        return
      }
    }
  }

  private foldedAtEdge(envelope: Envelope, partial: EnvelopePartial): void {
    if (this.stopped) return
    this.state.absorb(envelope.horizonMs, partial)
    this.ledger.countEdge(envelope.number)
    this.events.edge += envelope.count - partial.deadLetters.length
    this.counted(envelope, partial.deadLetters)
  }

  private countBurst(number: number, head: Extract<Verdict, { kind: 'count' }>['head']): void {
    const envelope = this.ledger.countBurst(number)
    if (envelope === null) return
    this.usage.headSeen(head.work, envelope.count)
    this.deps.prewarmer.worked(this.clock.monotonicMs())
    this.events.burst += envelope.count - head.deadLetters.length
    this.counted(envelope, head.deadLetters)
  }

  private counted(envelope: Envelope, letters: Parameters<DeadLetters['add']>[1]): void {
    this.events.deadLettered += letters.length
    this.deps.deadLetters.add(envelope, letters)
    this.arrivals.counted(envelope.number, this.clock.epochMs())
    this.finishWindows()
  }

  private finishWindows(): void {
    for (const account of this.ledger.takeComplete()) this.finisher.finish(account)
  }

  private letGo(endMs: number): void {
    this.ledger.finalize(endMs)
    this.state.release((each) => each <= this.intake.horizonMs && this.ledger.phaseOf(each) === undefined)
  }

  private scheduleTick(): void {
    this.cancelTick = this.clock.after(TICK_MS, () => {
      this.tick()
      if (!this.stopped) this.scheduleTick()
    })
  }

  private tick(): void {
    const nowMs = this.clock.monotonicMs()
    const elapsedMs = Math.min(nowMs - this.lastTickMs, MAX_TICK_MS)
    this.lastTickMs = nowMs
    this.trueRate = this.rate.read({ atMs: nowMs, ...this.workers.counters() })
    this.decide()
    this.episodes.tick(this.clock.epochMs())
    // Data that waits outside must not become late; only too many keys resolve by closing, so then time goes on.
    if (this.decision.route !== 'refuse') this.intake.tick(elapsedMs)
    const closing = this.dueClosing()
    if (closing !== null) void this.append([], closing).catch(() => undefined)
  }
}
