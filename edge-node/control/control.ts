// For: it is decided where each envelope goes.
// In: what the parts of the node measure.
// Out: edge or burst, with the reason; whether requests are refused.

import type { Logger } from 'pino'
import { type Ceiling, NO_CEILING, relax, throttled } from '../../core/control/ceiling'
import type { Intent } from '../../core/control/control'
import { burstEnvelopeEvents, Decisions, type Facts } from '../../core/control/control'
import type { RunningPolicy } from '../../core/control/policies'
import {
  type BurstMode,
  type Candidate,
  type Decision,
  type Owed,
  type RouteLimits,
  refusal,
  route,
} from '../../core/control/route'
import { type Counters, Sensor } from '../../core/control/sensor'
import { lastHourUsd, NOTHING_SPENT, type Spend, spent } from '../../core/control/spend'
import type { Clock } from '../observe/clock'

const STEADY_MS = 1_000 // what is sent in the first second of a burst says nothing of what the cloud can take
const READ_EVERY_MS = 10 // a step shows in a few readings; more of them gain nothing over rates of 40 ms and more

/** What the controller reads of the node, now; counters are cumulative. */
export type Readings = Omit<Counters, 'atMs'> &
  Pick<
    Facts,
    | 'backlogEvents'
    | 'backlogBytes'
    | 'inFlightEnvelopes'
    | 'inFlightEvents'
    | 'inFlightBytes'
    | 'lanes'
    | 'laneRate'
    | 'cloudAway'
  > & { readonly throttled: number; readonly usd: number }

const SHUT = { kind: 'valve', limitMs: Number.POSITIVE_INFINITY, prime: false } as const

/** What the operator's word comes to: the policy is not asked. */
export const ORDERED = {
  always: { plan: SHUT, bursting: true, prewarm: true, reason: 'bursting is switched on for everything' },
  never: { plan: SHUT, bursting: false, prewarm: false, reason: 'bursting is switched off' },
} as const

/** What the controller works with. */
export interface ControllerDependencies {
  readonly mode: BurstMode
  readonly limits: RouteLimits & { readonly latencyTargetMs: number }
  readonly policy: RunningPolicy
  readonly readings: () => Readings
  readonly prewarm: () => void
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Reads the facts, asks the policy, and says where each envelope goes. The decisions themselves are in `core/control`.
 */
export class Controller {
  mode: BurstMode
  readonly decisions = new Decisions()
  decision: Decision = { route: 'edge', queueDelayMs: 0, reason: 'nothing has come yet' }
  intent: Intent = ORDERED.never
  private readonly sensor = new Sensor()
  private ceiling: Ceiling = NO_CEILING
  private spend: Spend = NOTHING_SPENT
  private owed: Owed = 0
  private rates: ReturnType<Sensor['read']>
  private laneRate = 0
  private readAtMs = Number.NEGATIVE_INFINITY
  private throttledBefore = 0
  private silentMs = 0 // when nothing had been sent for a second

  constructor(private readonly deps: ControllerDependencies) {
    this.mode = deps.mode
    this.rates = this.readRates(deps.readings())
  }

  /** What is known now. */
  facts(): Facts {
    const readings = this.deps.readings()
    const nowMs = this.deps.clock.monotonicMs()
    if (nowMs - this.readAtMs >= READ_EVERY_MS) this.rates = this.readRates(readings)
    const { rates } = this
    return {
      trueRate: rates.trueRate,
      arrivalRate: rates.arrivalRate,
      steadyRate: rates.steadyRate,
      utilization: rates.utilization,
      backlogEvents: readings.backlogEvents,
      backlogBytes: readings.backlogBytes,
      inFlightEnvelopes: readings.inFlightEnvelopes,
      inFlightEvents: readings.inFlightEvents,
      inFlightBytes: readings.inFlightBytes,
      lanes: readings.lanes,
      laneRate: readings.laneRate,
      divertUs: rates.divertUs,
      foldUs: rates.foldUs,
      sentRate: rates.sentRate,
      ceilingRate: this.ceiling.rate,
      spentUsd: lastHourUsd(this.spend, nowMs) + owedUsd(readings),
      cloudAway: readings.cloudAway,
    }
  }

  /**
   * Looks at the facts and lets the policy make up its mind, unless the operator has. Called every tick and before each
   * envelope.
   */
  look(): Facts {
    const { policy, clock } = this.deps
    const facts = this.facts()
    const intent = this.mode === 'auto' ? policy.decide(facts, clock.monotonicMs()) : ORDERED[this.mode]
    if (intent.bursting !== this.intent.bursting) this.changed(intent, facts)
    this.intent = intent
    if (intent.prewarm) this.prewarmFor(facts)
    return facts
  }

  /** Starts functions, unless nothing may be spent. */
  prewarm(): void {
    this.prewarmFor(this.facts())
  }

  /** Where an envelope goes. */
  route(candidate: Candidate): Decision {
    const facts = this.look()
    const [owed, decision] = route(this.mode, this.intent, this.deps.limits, facts, candidate, this.owed)
    this.owed = owed
    this.decision = decision
    if (decision.route === 'burst') this.deps.policy.sent()
    return decision
  }

  /** Why nothing more can be accepted, in words; null while something can. */
  refusal(): string | null {
    return refusal(this.mode, this.deps.limits, this.facts())
  }

  /** Whether the policy means to burst what waits too long; nothing has to be on its way for that. */
  get isBursting(): boolean {
    return this.intent.bursting
  }

  /** Whether events went to the cloud within the last second, so that larger envelopes are worth waiting for. */
  get isSending(): boolean {
    return this.intent.bursting && this.rates.sentRate > 0
  }

  /** How many events an envelope may have. */
  get envelopeEvents(): number {
    if (!this.isSending) return Number.POSITIVE_INFINITY
    const { trueRate } = this.rates
    return burstEnvelopeEvents({ trueRate, laneRate: this.laneRate }, this.deps.limits.latencyTargetMs)
  }

  /** Whether an envelope that waits at the edge may be sent after all: by the valve, or when everything is to burst. */
  get mayTakeBack(): boolean {
    return this.mode === 'always' || this.intent.plan.kind === 'valve'
  }

  private prewarmFor({ cloudAway, spentUsd }: Facts): void {
    const { limits, prewarm } = this.deps
    if (this.mode !== 'never' && cloudAway === undefined && spentUsd < limits.maxUsdPerHour) prewarm()
  }

  private readRates(readings: Readings) {
    const atMs = this.deps.clock.monotonicMs()
    this.readAtMs = atMs
    this.laneRate = readings.laneRate
    const { accepted, sent, taken, divertMs, folded, busyMs, waiting, heldMs = 0, waits = true } = readings
    this.rates = this.sensor.read({ atMs, accepted, sent, taken, divertMs, folded, busyMs, waiting, heldMs, waits })
    this.ceiling = relax(this.ceiling, atMs)
    if (this.rates.sentRate === 0) this.silentMs = atMs
    const isSteady = atMs - this.silentMs >= STEADY_MS
    if (readings.throttled > this.throttledBefore && isSteady) {
      // Retries are throttled as well, so the number of throttles says little. What was taken is what the cloud can
      // take.
      this.ceiling = throttled(this.ceiling, this.rates.takenRate || this.rates.sentRate, atMs)
    }
    this.throttledBefore = readings.throttled
    this.spend = spent(this.spend, readings.usd, atMs)
    return this.rates
  }

  private changed({ bursting, reason }: Intent, facts: Facts): void {
    this.decisions.add({ atMs: this.deps.clock.epochMs(), bursting, reason, facts })
    this.deps.logger.info({ bursting, reason, facts }, bursting ? 'bursting begins' : 'bursting ends')
  }
}

/**
 * An estimate of what the envelopes in flight cost: their functions and writes are known only when their heads are
 * seen.
 */
function owedUsd({ sent, inFlightEvents, usd }: Readings): number {
  const seen = sent - inFlightEvents
  return seen > 0 ? (usd / seen) * inFlightEvents : 0
}
