// For: envelopes go to the cloud and come back.
// In: envelopes that are to burst.
// Out: envelopes as counted in the burst, or taken back for the edge.

import type { Logger } from 'pino'
import type { Lanes } from '../../cloud/deployment'
import type { CapacityMeter } from '../../cloud/item-store'
import type { Origin } from '../../cloud/keys'
import type { PartialStore } from '../../cloud/partial-store'
import { type Breaker, type CloudSign, maySend, observe, sent, USABLE } from '../../core/control/breaker'
import { type Usage, usageUsd } from '../../core/control/cost'
import { type LaneKey, LaneKeys } from '../../core/control/lane-keys'
import type { Decision } from '../../core/control/route'
import type { Envelope } from '../../core/protocol/envelope'
import type { Ledger } from '../../core/protocol/ledger'
import type { Head } from '../../core/protocol/protocol'
import type { Config } from '../config/config'
import type { Clock } from '../observe/clock'
import type { EnvelopeEvents, ReclaimCause } from '../observe/envelope-events'
import { NO_TRACE, type Trace } from '../observe/observe'
import { CloudLatency } from './cloud-latency'
import type { EnvelopeSender, Transport } from './envelope-sender'
import { Episodes } from './episodes'
import { HeadWatcher, type InFlight, type Verdict } from './head-watcher'
import type { Prewarmer } from './prewarmer'
import { CloudUsage } from './usage'

/** What the way to the cloud and back needs. */
export interface OverflowDependencies {
  readonly config: Pick<Config, 'reclaimAfterMs' | 'headPollMs' | 'transport'>
  readonly ledger: Ledger
  readonly from: Origin
  readonly partials: PartialStore
  /** How envelopes leave. */
  readonly transport: Transport
  readonly prewarmer: Pick<Prewarmer, 'prewarm' | 'worked' | 'invocations'>
  readonly meters: readonly CapacityMeter[]
  /** How wide the cloud half is by now, and what records come by: what is pushed costs. */
  readonly lanes: () => Lanes
  readonly logger: Logger
  readonly clock: Clock
  readonly events: Pick<EnvelopeEvents, 'countedInBurst' | 'reclaimed'>
  readonly trace?: Trace
}

const INVOKE_POLL_MS = 1_000 // the answers of the calls say when to look; polling is for those that got lost

const pollMs = ({ transport, headPollMs }: OverflowDependencies['config']) =>
  transport === 'invoke' ? Math.max(headPollMs, INVOKE_POLL_MS) : headPollMs

/**
 * Envelopes in the cloud: sends them, watches for their heads, takes back what is not finished, and notices when the
 * cloud is away.
 */
export class Overflow {
  readonly episodes = new Episodes()
  readonly usage = new CloudUsage()
  readonly latency = new CloudLatency()
  readonly sender: EnvelopeSender
  private readonly keys = new LaneKeys()
  private readonly watcher: HeadWatcher
  private breaker: Breaker = USABLE
  private sentEvents = 0
  private takenEvents = 0
  sentEnvelopes = 0
  /** Envelopes that came back to the edge. */
  reclaims = 0
  private readonly trace: Trace

  constructor(private readonly deps: OverflowDependencies) {
    const { config, ledger, partials: store, from, logger, clock } = deps
    this.trace = deps.trace ?? NO_TRACE
    this.sender = deps.transport({
      accepted: ({ number, count }) => {
        if (config.transport === 'kinesis') this.takenEvents += count
        this.put(number)
      },
      failed: ({ number }, isOutage, reason) => this.notTaken(number, isOutage, reason),
      finished: ({ number }) => {
        this.trace.envelope(number, { kind: 'answered' })
        this.watcher.finished(number)
      },
    })
    const inFlight = () => ledger.inFlight()
    const onVerdict = this.judged.bind(this)
    this.watcher = new HeadWatcher({ store, from, pollMs: pollMs(config), inFlight, onVerdict, logger }, clock)
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
    this.sentEvents += envelope.count
    this.sentEnvelopes += 1
    ledger.send(envelope.number, clock.monotonicMs() + config.reclaimAfterMs)
    this.breaker = sent(this.breaker)
    this.episodes.sent(clock.epochMs(), decision)
    this.latency.sent(envelope.number, clock.monotonicMs())
    this.trace.envelope(envelope.number, { kind: 'sent', reason: decision.reason })
    this.sender.send(envelope, clock.epochMs() + config.reclaimAfterMs, this.keyFor(envelope))
  }

  private keyFor({ number, count }: Envelope): LaneKey {
    const { shards, parallelization } = this.deps.lanes()
    const { laneRate } = this.usage
    this.keys.resize(shards, parallelization)
    const foldMs = laneRate > 0 ? (count / laneRate) * 1000 : 0
    return this.keys.choose(number, foldMs, this.deps.clock.monotonicMs())
  }

  /** What bursting has used so far. */
  used(): Usage {
    const { prewarmer, meters } = this.deps
    return this.usage.total(this.sender.counters(), prewarmer.invocations, meters, this.deps.lanes().consumer)
  }

  /** What the controller reads of the way to the cloud; cumulative but for the lane rate and the outage. */
  readings() {
    const { divertMs, throttled } = this.sender.counters()
    const { laneRate } = this.usage
    return {
      sent: this.sentEvents,
      taken: this.takenEvents,
      divertMs,
      throttled,
      laneRate,
      usd: usageUsd(this.used()),
      cloudAway: this.away,
    }
  }

  /** How long ago the oldest envelope was sent that has no head; 0 when there is none. */
  get oldestInFlightMs(): number {
    const { ledger, clock, config } = this.deps
    const deadlineMs = Math.min(...ledger.inFlight().map(({ reclaimAtMs }) => reclaimAtMs))
    return Number.isFinite(deadlineMs) ? Math.max(0, clock.monotonicMs() - deadlineMs + config.reclaimAfterMs) : 0
  }

  get cloudState(): Breaker['state'] {
    return this.breaker.state
  }

  /** Why nothing may be sent now, in words; undefined while something may. */
  private get away(): string | undefined {
    if (this.breaker.state === 'usable' || maySend(this.breaker, this.deps.clock.monotonicMs())) return undefined
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
        this.reclaim(envelope.number, verdict.reason, verdict.cause)
        return
    }
  }

  private put(number: number): void {
    const { clock } = this.deps
    this.episodes.accepted(clock.epochMs())
    this.latency.put(number, clock.monotonicMs())
    this.trace.envelope(number, { kind: 'put' })
  }

  private notTaken(number: number, isOutage: boolean, reason: string): void {
    this.sign(isOutage ? { kind: 'failed', reason } : { kind: 'throttled' })
    this.reclaim(number, reason, 'other')
  }

  private count(number: number, head: Extract<Head, { kind: 'done' }>): void {
    const envelope = this.deps.ledger.countBurst(number, head.deadLetters.length)
    if (envelope === null) return
    // a call has begun long before Lambda takes it
    if (this.deps.config.transport === 'invoke') this.takenEvents += envelope.count
    this.usage.headSeen(head.work, envelope.count)
    this.deps.prewarmer.worked(this.deps.clock.monotonicMs())
    this.latency.headSeen(number, this.deps.clock.monotonicMs())
    this.keys.finished(number, this.deps.clock.monotonicMs())
    this.trace.envelope(number, { kind: 'headSeen', work: head.work, deadLetters: head.deadLetters.length })
    this.deps.events.countedInBurst(envelope, head.deadLetters)
  }

  private reclaim(number: number, reason: string, cause: ReclaimCause): void {
    const envelope = this.deps.ledger.reclaim(number)
    if (envelope === null) return
    this.reclaims += 1
    this.latency.reclaimed(number)
    this.keys.takenBack(number)
    this.trace.envelope(number, { kind: 'reclaimed', reason })
    this.deps.logger.warn({ envelope: number, reason }, 'an envelope comes back to the edge')
    this.deps.events.reclaimed(envelope, cause)
  }

  private sign(sign: CloudSign): void {
    const before = this.breaker.state
    this.breaker = observe(this.breaker, sign, this.deps.clock.monotonicMs())
    if (before === this.breaker.state) return
    const { logger } = this.deps
    switch (this.breaker.state) {
      case 'away':
        logger.warn({ reason: this.breaker.reason }, 'the cloud is away: nothing is sent until a try gets through')
        return
      case 'usable':
        logger.warn('the cloud is back: envelopes are sent again')
        return
      case 'probing': // begins with a sending, never with a sign
        return
    }
  }
}
