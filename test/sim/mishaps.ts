import type { Cloud } from './cloud/event-source'
import { VERSION } from './cloud/functions'
import type { Context } from './context'
import { SimDisk } from './edge/disk'
import type { Machine } from './edge/machine'
import { oraclePipeline } from './edge/sim-pipeline'
import type { FaultKind } from './faults'
import type { Random } from './random'

const STEP_MS = 100

/**
 * What simply happens to the machines, the clocks and the operators, looked at ten times a second until the world
 * heals.
 */
export class Mishaps {
  private copy: SimDisk | null = null
  private readonly random: Random

  constructor(
    private readonly context: Context,
    private readonly machine: Machine,
    private readonly cloud: Cloud,
  ) {
    this.random = context.randomOf('mishaps')
  }

  begin(): void {
    const { timeline } = this.context
    timeline.after(STEP_MS, () => {
      if (this.context.faults.isHealed) return
      if (this.random.chance(this.copy === null ? 0.1 : 0.01)) this.copy = this.machine.disk.copy()
      if (this.random.chance(0.01)) this.switchMode()
      for (const [kind, happen] of this.mishaps) if (this.context.faults.strikes(kind)) happen()
      this.begin()
    })
  }

  private readonly mishaps: readonly (readonly [FaultKind, () => void])[] = [
    ['edge crashes', () => this.machine.crash()],
    ['edge restarts in order', () => this.machine.restart()],
    ['edge stopped for long', () => this.stopEdge()],
    ['edge clock jumps', () => this.setEdgeClock()],
    ['cloud clock jumps', () => this.setCloudClock()],
    ['disk full', () => this.fillDisk()],
    ['cloud away', () => this.loseCloud()],
    ['table loses items', () => this.loseItems()],
    ['function of another version', () => this.deployOther()],
    ['data wiped', () => this.machine.replaceDisk(new SimDisk(oraclePipeline(this.context.scenario)))],
    ['old copy restored', () => this.copy !== null && this.machine.replaceDisk(this.copy.copy())],
  ]

  private stopEdge(): void {
    const durationMs = this.random.between(200, 8_000)
    this.machine.edge?.process.stop(durationMs)
    this.context.trace.note('world', () => `the edge's process stands still for ${durationMs} ms`)
  }

  private setEdgeClock(): void {
    this.machine.clockSkewMs = this.random.pick([-60_000, -2_000, -100, 0, 100, 2_000, 10_000])
    this.context.trace.note('world', () => `the edge's clock is ${this.machine.clockSkewMs} ms off`)
  }

  private setCloudClock(): void {
    this.cloud.functions.clockSkewMs = this.random.pick([-60_000, -2_000, 0, 500, 2_000, 60_000])
    this.context.trace.note('world', () => `the functions' clock is ${this.cloud.functions.clockSkewMs} ms off`)
  }

  private fillDisk(): void {
    const { disk } = this.machine
    disk.isLow = this.random.chance(0.5)
    disk.full = true
    this.forAWhile('the disk is full', 3_000, () => {
      disk.full = false
      disk.isLow = false
    })
  }

  private loseCloud(): void {
    this.cloud.setAway(true)
    this.forAWhile('the cloud is away', 6_000, () => this.cloud.setAway(false))
  }

  /** Where `map` changes its mind, what is written again need not be what was lost, and nobody could tell. */
  private loseItems(): void {
    const { scenario, trace } = this.context
    if (scenario.flakyShare + scenario.deadlyShare > 0) return
    const table = this.random.pick([this.cloud.tables.partials, this.cloud.tables.results])
    const lost = [...table.items.keys()].filter(() => this.random.chance(0.3))
    for (const id of lost) table.items.delete(id)
    trace.note('world', () => `${lost.length} items of a table are lost`)
  }

  private deployOther(): void {
    const { functions } = this.cloud
    functions.version = 'v0'
    this.forAWhile('functions of another version are deployed', 3_000, () => {
      functions.version = VERSION
    })
  }

  private switchMode(): void {
    const { observer, trace } = this.context
    const { edge } = this.machine
    if (!edge?.node) return
    edge.node.controller.mode = this.random.pick(['auto', 'always', 'never'])
    observer.saw('the bursting mode was switched')
    trace.note('world', () => `the mode is ${edge.node?.controller.mode}`)
  }

  private forAWhile(what: string, maxMs: number, end: () => void): void {
    const { timeline, trace } = this.context
    const durationMs = this.random.between(100, maxMs)
    trace.note('world', () => `${what} for ${durationMs} ms`)
    timeline.after(durationMs, end)
  }
}
