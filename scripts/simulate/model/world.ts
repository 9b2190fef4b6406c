import pino from 'pino'
import { usageUsd } from '../../../core/control/cost'
import { type PolicyName, policyNamed } from '../../../core/control/policies'
import { RESTART_MS } from '../../../core/control/rivals/flink-terms'
import { burstLingerMs } from '../../../edge-node/config/config'
import { Controller, type Readings } from '../../../edge-node/control/control'
import { draws } from '../../load/events/random'
import type { Scenario } from '../scenario'
import { lanesOf, NODE } from '../settings'
import { Agenda } from './agenda'
import { Arrivals } from './arrivals'
import { Edge, Machines } from './edge'
import type { Piece } from './fifo'
import { Intake } from './intake'
import { Ledger } from './ledger'
import { Overflow } from './overflow'

const TICK_MS = 50 // as in edge-node/node/node.ts
const DEEP_MS = 5_000 // in a queue this long, of a policy that sends nothing, single envelopes do not matter
const DEEP_SHARE = 0.05
const COARSEST_MS = 10_000
const SILENT = pino({ level: 'silent' })

/** With these nothing leaves the machines. */
const STAYING: readonly PolicyName[] = ['none', 'static', 'flink-autoscaler']

/**
 * One policy at work on a trace: the node's own controller, over a model of everything else. Three clocks, see
 * `shortcut.ts`.
 */
export class World {
  readonly agenda = new Agenda()
  readonly arrivals: Arrivals
  readonly intake: Intake
  readonly ledger: Ledger
  readonly edge: Edge
  readonly machines: Machines
  readonly overflow: Overflow
  readonly controller: Controller
  readonly stays: boolean
  /** By how much the controller's clock is ahead of the agenda's. */
  clockAheadMs = 0
  /** What the controller is told of besides what happened on the agenda; cumulative. */
  private readonly told = { accepted: 0, folded: 0, busyMs: 0, sent: 0 }
  private isBursting = false

  constructor(
    readonly scenario: Scenario,
    readonly policy: PolicyName,
  ) {
    const { curve, base, given, cloud, seed, terms, demand } = scenario
    const { agenda } = this
    const mostEvents = Math.floor(NODE.maxEnvelopeBytes / given.eventBytes)
    const settings = { ...NODE, transport: cloud.transport, latencyTargetMs: terms.latencyTargetMs }
    const lingers = {
      burst: burstLingerMs(settings, cloud.consumer),
      edge: NODE.edgeLingerMs,
    }
    this.stays = STAYING.includes(policy)
    this.arrivals = new Arrivals(curve)
    this.ledger = new Ledger(terms.latencyTargetMs, demand.overloads)
    this.edge = new Edge(agenda, base, NODE.workers, (piece, firstMs, lastMs) =>
      this.ledger.countEdge(piece, firstMs, lastMs),
    )
    const hooks = {
      accepted: () => this.ledger.reacted(this.intake.traceMs),
      counted: (piece: Piece) => this.ledger.countBurst(piece, agenda.nowMs),
      returned: (piece: Piece) => this.edge.enqueueFirst(piece),
    }
    this.overflow = new Overflow(
      agenda,
      given,
      cloud,
      draws(seed, 'lanes'),
      hooks,
      () => this.clockMs,
      () => this.ledger.edge,
    )
    this.intake = new Intake(agenda, this.arrivals, {
      ingestMs: given.ingestMs,
      maxEvents: () => Math.min(mostEvents, this.stays ? mostEvents : this.controller.envelopeEvents),
      lingerMs: () => (this.controller.isSending && !this.stays ? lingers.burst : lingers.edge),
      grainMs: () => this.grainMs,
      onCut: (piece) => this.route(piece),
    })
    this.controller = this.newController()
    const restartMs = policy === 'flink-autoscaler' ? RESTART_MS : 0
    this.machines = new Machines(this.edge, this.intake, restartMs, (atMs) => this.ledger.reacted(atMs))
  }

  /** Until every event is counted; `atTick` is called at each tick. */
  run(atTick: () => void): void {
    const tick = () => {
      this.look()
      this.takeBack()
      this.overflow.merges.look()
      atTick()
      this.agenda.after(Math.max(TICK_MS, this.grainMs / 2), tick)
    }
    tick()
    while (this.ledger.counted < this.arrivals.total) this.agenda.step()
  }

  get clockMs(): number {
    return this.agenda.nowMs + this.clockAheadMs
  }

  get backlogEvents(): number {
    return this.edge.waiting + this.intake.open
  }

  /** Events per second that arrive now. */
  get ratePerSecond(): number {
    return this.arrivals.rateAt(this.intake.traceMs - this.scenario.given.ingestMs).perSecond
  }

  /** Events per second that all machines fold together. */
  get capacity(): number {
    return this.scenario.base * this.edge.machines
  }

  /** Tells the controller of events that were passed over, and of the machines' time that they took. */
  tell(accepted: number, folded: number, sent: number): void {
    this.told.accepted += accepted
    this.told.folded += folded / this.edge.machines
    this.told.busyMs += (folded / this.capacity) * 1000
    this.told.sent += sent
  }

  /** The controller looks; machines are added or taken away as it plans. */
  look(): void {
    this.controller.look()
    this.noteMode()
    const { plan } = this.controller.intent
    if (plan.kind === 'machines') this.machines.become(plan.machines)
  }

  private newController(): Controller {
    const { base, terms, demand, maxUsdPerHour } = this.scenario
    const clockMs = () => this.clockMs
    return new Controller({
      mode: 'auto',
      limits: {
        ...NODE,
        latencyTargetMs: terms.latencyTargetMs,
        maxBacklogBytes: Number.POSITIVE_INFINITY,
        maxUsdPerHour,
      },
      policy: policyNamed(this.policy, terms, { machines: Math.max(1, demand.peakRate / base), plan: demand.plan }),
      readings: () => this.readings(),
      prewarm: () => (this.stays ? undefined : this.overflow.functions.prewarm()),
      logger: SILENT,
      clock: { epochMs: clockMs, monotonicMs: clockMs, after: () => () => {}, soon: () => {} },
    })
  }

  private readings(): Readings {
    const { edge, overflow, told, scenario, backlogEvents } = this
    const { cloud, given, maxUsdPerHour } = scenario
    const sent = overflow.sentEvents + told.sent
    return {
      accepted: this.intake.accepted - this.intake.skippedEvents + told.accepted,
      folded: edge.foldedByOne + told.folded,
      busyMs: edge.busyMs + told.busyMs,
      waiting: edge.isWaiting,
      backlogEvents,
      backlogBytes: backlogEvents * given.eventBytes,
      sent,
      taken: sent - overflow.inFlightEvents,
      divertMs: (sent * given.divertUs) / 1000,
      inFlightEnvelopes: overflow.inFlight,
      inFlightEvents: overflow.inFlightEvents,
      inFlightBytes: overflow.inFlightEvents * given.eventBytes,
      lanes: lanesOf(cloud),
      laneRate: given.laneRate,
      cloudAway: undefined,
      throttled: overflow.throttled,
      usd: Number.isFinite(maxUsdPerHour) ? usageUsd(overflow.used()) : 0,
    }
  }

  private get grainMs(): number {
    if (!this.stays || !this.scenario.shortcut) return 0
    const queueMs = (this.edge.waiting / this.capacity) * 1000
    return queueMs > DEEP_MS ? Math.min(COARSEST_MS, queueMs * DEEP_SHARE) : 0
  }

  private route(piece: Piece): void {
    const candidate = { events: piece.events, aheadEvents: this.edge.waiting }
    if (!this.stays && this.controller.route(candidate).route === 'burst') this.overflow.send(piece)
    else this.edge.enqueue(piece)
    this.noteMode()
  }

  /** What waits at the edge may burst after all, the last first. */
  private takeBack(): void {
    if (this.stays || !this.controller.mayTakeBack) return
    for (let last = this.edge.last; last !== undefined; last = this.edge.last) {
      const candidate = { events: last.events, aheadEvents: this.edge.waiting - last.events }
      if (this.controller.route(candidate).route !== 'burst') return
      this.overflow.send(this.edge.takeLast()!)
    }
  }

  private noteMode(): void {
    const { bursting } = this.controller.intent
    if (bursting !== this.isBursting) this.ledger.changed(this.intake.traceMs)
    this.isBursting = bursting
  }
}
