import { catchBugs } from './bugs/bugs'
import { Delivery } from './client'
import { Cloud } from './cloud/event-source'
import { Context } from './context'
import type { Coverage } from './coverage'
import { Machine } from './edge/machine'
import type { FaultKind } from './faults'
import { Mishaps } from './mishaps'
import type { Violation } from './rules'
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
class World {
  readonly context: Context
  readonly cloud: Cloud
  readonly machine: Machine
  readonly deliveries: readonly Delivery[]
  private healedAtMs: number | null = null
  private restingSinceMs: number | null = null

  constructor(seed: number, { requests, without = new Set(), trace = false }: WorldOptions) {
    this.context = new Context(seed, without, trace, () => this.machine.disk)
    this.cloud = new Cloud(this.context)
    this.machine = new Machine(this.context, this.cloud, () => this.beginLife())
    const { scenario } = this.context
    const batches = batchesOf(seed, scenario, requests ?? scenario.requests)
    this.deliveries = batches.map((batch) => new Delivery(batch, this.context, this.machine))
  }

  async run(): Promise<WorldReport> {
    const { context, machine, cloud } = this
    const { seed, timeline, rules, coverage, trace } = context
    machine.boot()
    for (const delivery of this.deliveries) delivery.begin(delivery.batch.dueMs)
    new Mishaps(context, machine, cloud).begin()
    timeline.after(context.scenario.durationMs, () => this.heal())
    await timeline.run(() => this.isOver()).catch((error) => context.bug(error))
    if (rules.violation === null && machine.edge !== null) await judge(this, machine.edge)
    const { steps, nowMs: virtualMs } = timeline
    const requests = this.deliveries.length
    return { seed, violation: rules.violation, coverage, trace: trace.lines, steps, virtualMs, requests }
  }

  /** The edge has another data directory, which knows nothing of what the former one did later. */
  private beginLife(): void {
    const { rules, observer, timeline } = this.context
    rules.beginLife()
    observer.beginLife()
    const random = this.context.randomOf('again')
    for (const delivery of this.deliveries) {
      if (delivery.batch.dueMs <= timeline.nowMs) delivery.begin(random.between(0, 2_000))
    }
  }

  private heal(): void {
    const { trace, timeline, faults } = this.context
    trace.note('world', () => 'everything heals')
    this.healedAtMs = timeline.nowMs
    faults.heal()
    this.cloud.heal()
    this.machine.heal()
  }

  private isOver(): boolean {
    const { rules, timeline } = this.context
    const { edge } = this.machine
    if (edge?.node) rules.counts(edge.node.events)
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
    return open + closing + finalizing === 0 && node.controller.facts().backlogEvents === 0
  }

  private unfinished() {
    const node = this.machine.edge?.node
    const unanswered = this.deliveries.filter(({ answer }) => answer === null).map(({ batch }) => batch.key)
    return { unanswered, progress: node?.progress, decision: node?.controller.decision }
  }
}

/** Runs the world of a seed. One at a time: bugs of the product are caught where they would end the process. */
export async function runWorld(seed: number, options: WorldOptions = {}): Promise<WorldReport> {
  const world = new World(seed, options)
  const undo = catchBugs((error) => world.context.bug(error))
  try {
    return await world.run()
  } finally {
    undo()
  }
}
