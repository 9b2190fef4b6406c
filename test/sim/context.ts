import { Coverage } from './coverage'
import type { SimDisk } from './edge/disk'
import { type FaultKind, Faults } from './faults'
import { Observer } from './observer'
import { Random } from './random'
import { Rules } from './rules'
import { type Scenario, scenarioOf } from './scenario'
import { Timeline, Trace } from './timeline'

/** What every part of a world works with. */
export class Context {
  readonly timeline = new Timeline()
  readonly coverage = new Coverage()
  readonly scenario: Scenario
  readonly faults: Faults
  readonly trace: Trace
  readonly rules: Rules
  readonly observer: Observer
  private readonly randoms = new Map<string, Random>()

  constructor(
    readonly seed: number,
    without: ReadonlySet<FaultKind>,
    isTraced: boolean,
    /** The data directory of the edge as it is now. */
    disk: () => SimDisk,
  ) {
    this.scenario = scenarioOf(seed)
    this.faults = new Faults(seed, without, this.scenario.favoured, this.coverage)
    this.trace = new Trace(this.timeline, isTraced)
    this.rules = new Rules(this.scenario, disk)
    this.observer = new Observer(this.coverage, this.rules)
  }

  /** Random numbers for one purpose; the same sequence for all who ask. */
  randomOf(purpose: string): Random {
    const random = this.randoms.get(purpose) ?? new Random(this.seed, purpose)
    this.randoms.set(purpose, random)
    return random
  }

  /** An error that would end the process of the edge. */
  bug(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.rules.broken('no bug ends the process', detail)
  }
}

/** A deliberate bug, put into the classes of the product from outside: what the world must notice. */
export interface Mutation {
  readonly name: string
  /** The rule that it breaks. */
  readonly breaks: string
  /** Puts it in, and returns how to take it out. */
  readonly apply: () => () => void
}
