import { catchBugs } from './bugs'
import { Delivery } from './client'
import { Cloud } from './cloud'
import { Coverage } from './coverage'
import { type FaultKind, Faults } from './faults'
import { Machine } from './machine'
import { Mishaps } from './mishaps'
import { Observer } from './observer'
import { Random } from './random'
import { Rules, type Violation } from './rules'
import { type Scenario, scenarioOf } from './scenario'
import { Timeline } from './timeline'
import { Trace } from './trace'
import { judge } from './verdict'
import { batchesOf } from './workload'

const CALM_MS = 120_000 // after the last fault every window is final within this
const AFTERMATH_MS = 1_000 // and then orphans may still come in, and change nothing

/** What a seed is run with. Without options it is the world that the tests run. */
export interface WorldOptions {
  readonly requests?: number
  readonly without?: ReadonlySet<FaultKind>
  readonly trace?: boolean
}

/** How a world ended. */
export interface WorldReport {
  readonly seed: number
  readonly violation: Violation | null
  readonly coverage: Coverage
  readonly trace: readonly string[]
  readonly steps: number
  readonly virtualMs: number
  readonly requests: number
}

/** Everything that there is, made from one seed: clients, an edge node, a cloud, and what goes wrong between them. */
export class World {
  readonly timeline = new Timeline()
  readonly coverage = new Coverage()
  readonly scenario: Scenario
  readonly faults: Faults
  readonly trace: Trace
  readonly rules: Rules
  readonly observer: Observer
  readonly cloud: Cloud
  readonly machine: Machine
  readonly deliveries: readonly Delivery[]
  private healedAtMs: number | null = null
  private restingSinceMs: number | null = null
  private readonly randoms = new Map<string, Random>()

  constructor(
    readonly seed: number,
    { requests, without = new Set(), trace = false }: WorldOptions,
  ) {
    this.scenario = scenarioOf(seed)
    this.faults = new Faults(seed, without, this.scenario.favoured, this.coverage)
    this.trace = new Trace(this.timeline, trace)
    this.rules = new Rules(this.scenario, () => this.machine.disk)
    this.observer = new Observer(this.coverage, this.rules)
    this.cloud = new Cloud(this)
    this.machine = new Machine(this)
    const batches = batchesOf(seed, this.scenario, requests ?? this.scenario.requests)
    this.deliveries = batches.map((batch) => new Delivery(batch, this))
  }

  async run(): Promise<WorldReport> {
    const { seed, timeline, rules, coverage, trace, machine } = this
    machine.boot()
    for (const delivery of this.deliveries) delivery.begin(delivery.batch.dueMs)
    new Mishaps(this).begin()
    timeline.after(this.scenario.durationMs, () => this.heal())
    await timeline.run(() => this.isOver())
    if (rules.violation === null && machine.edge !== null) await judge(this, machine.edge)
    const { steps, nowMs: virtualMs } = timeline
    const requests = this.deliveries.length
    return { seed, violation: rules.violation, coverage, trace: trace.lines, steps, virtualMs, requests }
  }

  get isHealed(): boolean {
    return this.healedAtMs !== null
  }

  /** Random numbers for one purpose; the same sequence for all who ask. */
  readonly randomOf = (purpose: string): Random => {
    const random = this.randoms.get(purpose) ?? new Random(this.seed, purpose)
    this.randoms.set(purpose, random)
    return random
  }

  /** The edge has another data directory, which knows nothing of what the former one did later. */
  beginLife(): void {
    this.rules.beginLife()
    this.observer.beginLife()
    for (const delivery of this.deliveries) {
      if (delivery.batch.dueMs <= this.timeline.nowMs) delivery.begin(this.randomOf('again').between(0, 2_000))
    }
  }

  /** An error that would end the process of the edge. */
  bug(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.rules.broken('no bug ends the process', detail)
  }

  private heal(): void {
    this.trace.note('world', () => 'everything heals')
    this.healedAtMs = this.timeline.nowMs
    this.faults.heal()
    this.cloud.heal()
    this.machine.heal()
  }

  private isOver(): boolean {
    const { rules, timeline, machine } = this
    if (machine.edge?.node) rules.counts(machine.edge.node.events)
    if (rules.violation !== null) return true
    if (this.healedAtMs === null) return false
    if (this.isAtRest()) this.restingSinceMs ??= timeline.nowMs
    if (this.restingSinceMs !== null) return timeline.nowMs > this.restingSinceMs + AFTERMATH_MS
    if (timeline.nowMs <= this.healedAtMs + CALM_MS) return false
    rules.broken('after the last fault every window becomes final', this.unfinished())
    return true
  }

  private isAtRest(): boolean {
    const node = this.machine.edge?.node
    if (!node || this.deliveries.some(({ answer }) => answer === null)) return false
    const { open, closing, finalizing } = node.progress.windows
    return open + closing + finalizing === 0 && node.facts().backlogEvents === 0
  }

  private unfinished() {
    const node = this.machine.edge?.node
    const unanswered = this.deliveries.filter(({ answer }) => answer === null).map(({ batch }) => batch.key)
    return { unanswered, progress: node?.progress, decision: node?.decision }
  }
}

/** Runs the world of a seed. One at a time: bugs of the product are caught where they would end the process. */
export async function runWorld(seed: number, options: WorldOptions = {}): Promise<WorldReport> {
  const world = new World(seed, options)
  const undo = catchBugs((error) => world.bug(error))
  try {
    return await world.run()
  } finally {
    undo()
  }
}
