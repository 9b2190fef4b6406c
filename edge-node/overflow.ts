import type { Logger } from 'pino'
import type { Origin } from '../cloud/keys'
import type { PartialStore } from '../cloud/partial-store'
import { type Breaker, CLOSED, type CloudSign, maySend, observe, sent } from '../core/breaker'
import type { Envelope } from '../core/envelope'
import type { DeadLetter } from '../core/fold'
import type { Head } from '../core/head'
import type { Ledger } from '../core/ledger'
import type { Decision } from '../core/policy'
import { BurstSender } from './burst-sender'
import type { Clock } from './clock'
import type { Config } from './config'
import { Episodes } from './episodes'
import { HeadWatcher, type InFlight, type Verdict } from './head-watcher'
import type { Prewarmer } from './prewarmer'
import { CloudUsage } from './usage'

/** What the way to the cloud and back needs. */
export interface OverflowDependencies {
  readonly config: Pick<Config, 'reclaimAfterMs' | 'headPollMs'>
  readonly ledger: Ledger
  readonly from: Origin
  readonly partials: PartialStore
  readonly stream: ConstructorParameters<typeof BurstSender>[0]
  readonly prewarmer: Pick<Prewarmer, 'prewarm' | 'worked'>
  readonly logger: Logger
  readonly clock: Clock
  /** The cloud finished an envelope, and the ledger counts it there. */
  readonly onCounted: (envelope: Envelope, letters: readonly DeadLetter[]) => void
  /** The cloud did not finish an envelope: it is to be folded at the edge. */
  readonly onReclaimed: (envelope: Envelope) => void
}

/** Envelopes in the cloud: sends them, watches for their heads, takes back what is not finished, and notices when the cloud is away. */
export class Overflow {
  readonly episodes = new Episodes()
  readonly usage = new CloudUsage()
  readonly sender: BurstSender
  private readonly watcher: HeadWatcher
  private breaker: Breaker = CLOSED

  constructor(private readonly deps: OverflowDependencies) {
    const { config, ledger, partials: store, from, logger, clock, stream } = deps
    this.sender = new BurstSender(stream, {
      accepted: () => this.episodes.accepted(clock.epochMs()),
      failed: ({ number }, isOutage) => this.notTaken(number, isOutage),
    })
    const inFlight = () => ledger.inFlight()
    const onVerdict = this.judged.bind(this)
    this.watcher = new HeadWatcher({ store, from, pollMs: config.headPollMs, inFlight, onVerdict, logger }, clock)
  }

  start(): void {
    this.watcher.start()
  }

  stop(): void {
    this.watcher.stop()
  }

  /** Sends a queued envelope; `decision` says why. */
  send(envelope: Envelope, decision: Decision): void {
    const { ledger, clock, config } = this.deps
    ledger.send(envelope.number, clock.monotonicMs() + config.reclaimAfterMs)
    this.breaker = sent(this.breaker)
    this.episodes.sent(clock.epochMs(), decision)
    this.sender.send(envelope, clock.epochMs() + config.reclaimAfterMs)
  }

  /** Why nothing may be sent now, in words; undefined while something may. */
  get away(): string | undefined {
    if (this.breaker.state === 'closed' || maySend(this.breaker, this.deps.clock.monotonicMs())) return undefined
    return `the cloud is away (${this.breaker.reason})`
  }

  prewarm(): void {
    this.deps.prewarmer.prewarm(this.deps.clock.monotonicMs())
  }

  /** Lets time pass for the episodes. */
  tick(): void {
    this.episodes.tick(this.deps.clock.epochMs())
  }

  private judged(envelope: InFlight, verdict: Exclude<Verdict, { kind: 'wait' }>): void {
    switch (verdict.kind) {
      case 'count':
        this.sign({ kind: 'finished' })
        this.count(envelope.number, verdict.head)
        return
      case 'reclaim':
        this.sign({ kind: 'failed', reason: verdict.reason })
        this.reclaim(envelope.number, verdict.reason)
        return
    }
  }

  private notTaken(number: number, isOutage: boolean): void {
    const reason = isOutage ? 'the stream cannot be reached' : 'the stream is throttled'
    this.sign(isOutage ? { kind: 'failed', reason } : { kind: 'throttled' })
    this.reclaim(number, reason)
  }

  private count(number: number, head: Extract<Head, { kind: 'done' }>): void {
    const envelope = this.deps.ledger.countBurst(number, head.deadLetters.length)
    if (envelope === null) return
    this.usage.headSeen(head.work, envelope.count)
    this.deps.prewarmer.worked(this.deps.clock.monotonicMs())
    this.deps.onCounted(envelope, head.deadLetters)
  }

  private reclaim(number: number, reason: string): void {
    const envelope = this.deps.ledger.reclaim(number)
    if (envelope === null) return
    this.deps.logger.warn({ envelope: number, reason }, 'an envelope comes back to the edge')
    this.deps.onReclaimed(envelope)
  }

  private sign(sign: CloudSign): void {
    const before = this.breaker.state
    this.breaker = observe(this.breaker, sign, this.deps.clock.monotonicMs())
    const { state } = this.breaker
    if (before !== state) this.deps.logger.warn({ breaker: this.breaker }, `the way to the cloud is ${state}`)
  }
}
