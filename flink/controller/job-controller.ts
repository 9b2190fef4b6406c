import type { Logger } from 'pino'
import type { Intent } from '../../core/control/control'
import { Decisions, type Facts } from '../../core/control/control'
import { jobFacts } from '../../core/control/job/job-facts'
import {
  type JobSpend,
  jobLastHourUsd,
  jobOrders,
  jobSpent,
  NO_JOB_SPEND,
  type SidecarState,
  stillHeldLanes,
} from '../../core/control/job/job-orders'
import type { RunningPolicy } from '../../core/control/policies'
import type { PolicyTerms } from '../../core/control/policy'
import type { BurstMode } from '../../core/control/route'
import { ORDERED } from '../../edge-node/control/control'
import type { Clock } from '../../edge-node/observe/clock'
import { lagOf } from '../rest/job-rates'
import type { SidecarFacts } from '../sidecar/controller-messages'
import type { FlinkView } from './flink-watch'
import { type Counts, counted, NO_PLACE_COUNTS, type PlaceCounts, sumOfPlaces } from './sidecar-counts'
import type { SidecarLink, SidecarView } from './sidecar-link'

/** What the controller works with. */
export interface JobControllerDependencies {
  readonly mode: BurstMode
  readonly limits: {
    /** Functions that the job may call side by side; where a stream calls them, its lanes are what there is. */
    readonly maxInvokes: number
    readonly maxUsdPerHour: number
  }
  readonly policy: RunningPolicy
  readonly terms: () => PolicyTerms
  readonly flink: { readonly view: FlinkView; look(): Promise<void> }
  readonly sidecars: readonly Pick<SidecarLink, 'view' | 'look' | 'tell'>[]
  readonly everyMs: number
  readonly logger: Logger
  readonly clock: Clock
}

/** A sidecar that has said how it is. */
type Known = SidecarView & { readonly facts: SidecarFacts }

/**
 * Decides for a job as a whole what each sidecar would decide for itself: when to burst, how much of the cloud and of
 * the money is whose, and when functions are started. All decisions are the core's: this asks, remembers and tells.
 */
export class JobController {
  mode: BurstMode
  readonly decisions = new Decisions()
  intent: Intent = { ...ORDERED.never, reason: 'no sidecar was heard yet' }
  private spend: JobSpend = NO_JOB_SPEND
  private readonly places: PlaceCounts[]
  private readonly heldLanes = new Map<string, number>()
  private cancel = () => {}
  private isStopped = false

  constructor(private readonly deps: JobControllerDependencies) {
    this.mode = deps.mode
    this.places = deps.sidecars.map(() => NO_PLACE_COUNTS)
  }

  start(): void {
    void this.round().then(() => {
      if (this.isStopped) return
      this.cancel = this.deps.clock.after(this.deps.everyMs, () => this.start())
    })
  }

  stop(): void {
    this.isStopped = true
    this.cancel()
  }

  /** Asks everybody, decides, and tells the sidecars. What does not answer holds this up for two seconds, and once. */
  async round(): Promise<void> {
    const { flink, sidecars } = this.deps
    await Promise.all([flink.look(), ...sidecars.map((sidecar) => sidecar.look())])
    this.takeUp()
    const facts = this.facts()
    this.decide(facts)
    const orders = this.orders(facts)
    await Promise.all(sidecars.map((sidecar, index) => orders[index] && sidecar.tell(orders[index])))
  }

  /** The facts of the job, from what was heard last: one that is silent for a moment has not stopped working. */
  facts(): Facts {
    const { flink, clock } = this.deps
    const sidecars = this.sidecars.filter(isHolding)
    const own = sidecars.reduce((sum, { facts }) => sum + facts.spentUsd, 0)
    const { reading, rates, problem } = flink.view
    return jobFacts(
      sidecars.map(({ facts }) => facts),
      {
        waitingEvents: problem === null && reading !== null ? (lagOf(reading) ?? 0) : 0,
        arrivalRate: problem === null && rates !== null ? rates.arrivedPerSecond : null,
        lanes: this.lanes,
        spentUsd: Math.max(own, jobLastHourUsd(this.spend, clock.monotonicMs())),
      },
    )
  }

  get sidecars(): readonly SidecarView[] {
    return this.deps.sidecars.map(({ view }) => view)
  }

  get counts(): Counts {
    return sumOfPlaces(this.places)
  }

  private heard(): Known[] {
    return this.sidecars.filter((view): view is Known => view.hearing === 'heard' && view.facts !== null)
  }

  private get lanes(): number {
    const { maxInvokes } = this.deps.limits
    const [first] = this.heard()
    if (first?.facts.transport !== 'kinesis') return maxInvokes
    const { shards, parallelization } = first.facts.streamLanes
    return shards * parallelization
  }

  private takeUp(): void {
    const heard = this.heard()
    const costs = heard.map(({ facts: { incarnation, usd, spentUsd } }) => ({
      ...{ incarnation, totalUsd: usd, lastHourUsd: spentUsd },
    }))
    this.spend = jobSpent(this.spend, costs, this.deps.clock.monotonicMs())
    for (const [index, view] of this.sidecars.entries()) {
      if (view.hearing === 'heard' && view.facts !== null) this.places[index] = counted(this.places[index]!, view.facts)
    }
  }

  private decide(facts: Facts): void {
    const { policy, clock, logger } = this.deps
    if (this.heard().length === 0) return // those that are not heard go by their last orders, and so does this
    const intent = this.mode === 'auto' ? policy.decide(facts, clock.monotonicMs()) : ORDERED[this.mode]
    const { bursting, reason } = intent
    if (bursting !== this.intent.bursting) {
      this.decisions.add({ atMs: clock.epochMs(), bursting, reason, facts })
      logger.info({ bursting, reason, facts }, bursting ? 'the job begins to burst' : 'the job bursts no more')
    }
    this.intent = intent
  }

  private orders(facts: Facts) {
    const { maxQueueDelayMs } = this.deps.terms()
    const limits = { lanes: this.lanes, maxUsdPerHour: this.deps.limits.maxUsdPerHour }
    const holding = this.sidecars.map((view) => (isHolding(view) ? this.stateOf(view) : null))
    const states = holding.filter((state) => state !== null)
    const orders = jobOrders(this.intent, { mode: this.mode, ...limits, maxQueueDelayMs }, facts.spentUsd, states)
    return holding.map((state) => (state === null ? undefined : orders[states.indexOf(state)]))
  }

  /** What it said bounds it; while it is silent, also what it was told and may have heard. */
  private stateOf({ name, facts, told, hearing }: Known): SidecarState {
    const isHeard = hearing === 'heard'
    const key = `${name} ${facts.incarnation}`
    const lanes = Math.max(facts.limits.lanes, isHeard || told === null ? 0 : told.lanes)
    const heldLanes = stillHeldLanes(lanes, facts.inFlightEnvelopes, this.heldLanes.get(key) ?? lanes)
    for (const old of this.heldLanes.keys()) if (old.startsWith(`${name} `)) this.heldLanes.delete(old)
    this.heldLanes.set(key, heldLanes)
    const heldUsdPerHour = Math.max(facts.limits.maxUsdPerHour, isHeard || told === null ? 0 : told.maxUsdPerHour)
    return { facts, isHeard, canBurst: facts.canBurst, heldLanes, heldUsdPerHour }
  }
}

/** Whoever was heard and may still be there holds what it has. */
const isHolding = (view: SidecarView): view is Known => view.facts !== null && view.hearing !== 'gone'
