import type { FinalRecord } from '../../core/log-record'
import type { MergeAnswer } from '../../core/merge-answer'
import { LogFailed } from '../../edge-node/log'
import { catchBugs } from './bugs'
import { Delivery } from './client'
import { CloudTables } from './cloud-tables'
import { Coverage } from './coverage'
import { SimDisk } from './disk'
import { type Reply, SimEdge } from './edge'
import { EventSource } from './event-source'
import { type FaultKind, Faults } from './faults'
import { Functions, VERSION } from './functions'
import { Mishaps } from './mishaps'
import { Random } from './random'
import { Rules, type Violation } from './rules'
import { type Scenario, scenarioOf } from './scenario'
import { oraclePipeline } from './sim-pipeline'
import { SimStream } from './stream'
import { Timeline } from './timeline'
import { Trace } from './trace'
import { judge } from './verdict'
import { type Batch, batchesOf } from './workload'

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
  readonly faults: Faults
  readonly trace: Trace
  readonly scenario: Scenario
  readonly rules: Rules
  readonly tables: CloudTables
  readonly functions: Functions
  readonly stream: SimStream
  readonly deliveries: readonly Delivery[]
  disk: SimDisk
  edge: SimEdge | null = null
  /** How often the data directory has been replaced. */
  life = 0
  edgeSkewMs = 0
  private boots = 0
  private healedAtMs: number | null = null
  private restingSinceMs: number | null = null
  private readonly randoms = new Map<string, Random>()
  private readonly reclaimed = new Set<number>()
  private readonly lostMerges = new Set<number>()

  constructor(
    readonly seed: number,
    options: WorldOptions,
  ) {
    const { timeline, coverage } = this
    this.scenario = scenarioOf(seed)
    this.faults = new Faults(seed, options.without ?? new Set(), this.scenario.favoured, coverage)
    this.trace = new Trace(timeline, options.trace ?? false)
    this.disk = new SimDisk(oraclePipeline(this.scenario))
    this.rules = new Rules(this.scenario, () => this.disk)
    const { scenario, faults, rules, trace } = this
    this.tables = new CloudTables(seed, faults, rules)
    this.functions = new Functions(seed, scenario, timeline, faults, this.tables, coverage, trace, (partition) =>
      this.headWritten(partition),
    )
    const source = new EventSource(seed, scenario, timeline, faults, this.functions, trace)
    this.stream = new SimStream(seed, timeline, faults, rules, (lane, record) => source.take(lane, record))
    const batches = batchesOf(seed, scenario, options.requests ?? scenario.requests)
    this.deliveries = batches.map((batch) => new Delivery(seed, batch, this))
  }

  async run(): Promise<WorldReport> {
    const { timeline, rules, scenario } = this
    this.boot()
    for (const delivery of this.deliveries) delivery.begin(delivery.batch.dueMs)
    new Mishaps(this.seed, this).begin()
    timeline.after(scenario.durationMs, () => this.heal())
    await timeline.run(() => this.isOver())
    if (rules.violation === null && this.edge !== null) await judge(this, this.edge)
    const { violation } = rules
    const { seed, coverage, trace } = this
    return {
      seed,
      violation,
      coverage,
      trace: trace.lines,
      steps: timeline.steps,
      virtualMs: timeline.nowMs,
      requests: this.deliveries.length,
    }
  }

  get isHealed(): boolean {
    return this.healedAtMs !== null
  }

  randomOf = (purpose: string): Random => {
    const random = this.randoms.get(purpose) ?? new Random(this.seed, purpose)
    this.randoms.set(purpose, random)
    return random
  }

  /** A request reaches the edge's machine. */
  deliver({ key, lines }: Batch, reply: (reply: Reply) => void): void {
    const { edge } = this
    if (edge === null) return reply({ status: 503, retryAfterMs: 200 })
    edge.process.after(0, () =>
      edge.receive(key, lines, (answered) => {
        if (answered.status === 202) this.answers(key, answered.answer)
        if (answered.status === 429) this.coverage.seen('a request was refused with 429')
        reply(answered)
      }),
    )
  }

  boot(): void {
    if (this.edge !== null) return
    this.boots += 1
    if (this.faults.strikes('checkpoint damaged') && this.disk.damageCheckpoint())
      this.coverage.seen('a restart found the newest checkpoint damaged')
    this.edge = new SimEdge(this.boots, this)
  }

  crash(): void {
    const { edge } = this
    if (edge === null) return
    const { finalizing = 0, inFlight = 0 } = edge.node?.progress.windows ?? {}
    if (inFlight > 0) this.coverage.seen('a crash came while an envelope was in the cloud')
    if (finalizing > 0) this.coverage.seen('a crash came while a window was being finished')
    this.trace.note('world', () => 'the edge crashes')
    this.goDown(edge)
  }

  restart(): void {
    const { edge } = this
    if (!edge?.node || edge.isStopping) return
    edge.isStopping = true
    this.trace.note('world', () => 'the edge is stopped in order')
    const isDown = () => {
      if (this.edge === edge) this.goDown(edge)
    }
    edge.node.stop().then(isDown, (error) => {
      if (!isDiskError(error)) this.bug(error)
      isDown()
    })
  }

  replaceDisk(disk: SimDisk): void {
    this.crash()
    this.disk = disk
    this.life += 1
    this.reclaimed.clear()
    this.rules.beginLife()
    this.trace.note('world', () => `the data directory is replaced by one with ${disk.history.events} events`)
    const random = this.randomOf('again')
    for (const delivery of this.deliveries) {
      if (delivery.batch.dueMs <= this.timeline.nowMs) delivery.begin(random.between(0, 2_000))
    }
  }

  setCloudAway(isAway: boolean): void {
    this.tables.away = isAway
    this.stream.away = isAway
    this.functions.away = isAway
  }

  /** The edge calls something; it may not outlive that for long. */
  edgeCalls(): void {
    const { edge } = this
    if (edge === null || !this.faults.strikes('edge crashes at a call')) return
    this.timeline.after(this.randomOf('crash at a call').between(0, 8), () => {
      if (this.edge === edge) this.crash()
    })
  }

  background(work: Promise<unknown>): void {
    work.catch((error) => this.bug(error))
  }

  bug(error: unknown): void {
    this.rules.broken(
      'no bug ends the process',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    )
  }

  finalShown({ endMs, edge, burst, deadLettered }: FinalRecord): void {
    const { coverage } = this
    if (deadLettered > 0) coverage.seen('an event became a dead letter')
    if (burst === 0) coverage.seen('a window became final at the edge alone')
    else coverage.seen(edge === 0 ? 'a window became final with burst alone' : 'a window became final from both halves')
    if (this.lostMerges.delete(endMs) && burst > 0) coverage.seen('a candidate of an earlier merge was adopted')
  }

  merged(endMs: number, answer: MergeAnswer, isLost: boolean): void {
    const { status } = answer
    if (status === 'unbalanced') this.rules.broken('what a manifest lists balances', { endMs, ...answer })
    if (status === 'missing') this.coverage.seen('a merge found a part missing')
    if (status === 'merged' && isLost) this.lostMerges.add(endMs)
  }

  /** The edge has logged something. */
  heardFromEdge(facts: Record<string, unknown>, message: string): void {
    const { coverage } = this
    if (message.startsWith('an envelope comes back')) {
      this.reclaimed.add(Number(facts.envelope))
      coverage.seen(reclaimSituation(String(facts.reason)))
    }
    if (message.startsWith('a window cannot be merged yet')) coverage.seen('a merge was tried again')
    if (message.startsWith('envelopes come back from the cloud')) {
      coverage.seen('envelopes were recalled from a window')
      if (String(facts.reason).includes('another accepted set'))
        coverage.seen('a candidate of another accepted set stood in the way')
    }
    if (message === 'the way to the cloud is open') coverage.seen('the cloud was found to be away')
  }

  private answers(key: string, answer: Extract<Reply, { status: 202 }>['answer']): void {
    const { coverage } = this
    if (this.rules.hasAnswered(key)) coverage.seen('an answer was repeated')
    else {
      if (answer.late > 0) coverage.seen('an event was late')
      if (answer.partlyLate > 0) coverage.seen('an event was partly late')
      if (answer.rejected.length > 0) coverage.seen('a line was rejected')
    }
    this.rules.answered(key, answer)
  }

  private headWritten(partition: string): void {
    const number = Number(partition.slice(partition.lastIndexOf('#') + 1))
    if (this.reclaimed.has(number)) this.coverage.seen('a head was written after its envelope was reclaimed')
  }

  private goDown(edge: SimEdge): void {
    const garbage = this.faults.strikes('tail torn with garbage') ? this.randomOf('garbage').between(1, 20) : 0
    const lost = this.disk.tear(edge.log.pending(), this.randomOf('tear'), Buffer.alloc(garbage))
    this.trace.note('world', () => `the edge is down; ${lost} bytes on their way to the disk are lost`)
    edge.process.kill()
    this.edge = null
    this.timeline.after(this.randomOf('downtime').between(10, 1_500), () => this.boot())
  }

  private heal(): void {
    this.trace.note('world', () => 'everything heals')
    this.healedAtMs = this.timeline.nowMs
    this.faults.heal()
    this.disk.full = false
    this.setCloudAway(false)
    this.functions.version = VERSION
    this.functions.clockSkewMs = 0
    this.edgeSkewMs = 0
    this.boot()
  }

  private isOver(): boolean {
    const { rules, timeline, edge } = this
    if (edge?.node) rules.counts(edge.node.events)
    if (rules.violation !== null) return true
    if (this.healedAtMs === null) return false
    if (this.isAtRest()) this.restingSinceMs ??= timeline.nowMs
    if (this.restingSinceMs !== null) return timeline.nowMs > this.restingSinceMs + AFTERMATH_MS
    if (timeline.nowMs > this.healedAtMs + CALM_MS)
      rules.broken('after the last fault every window becomes final', this.unfinished())
    return rules.violation !== null
  }

  private isAtRest(): boolean {
    if (!this.edge?.node || this.deliveries.some(({ answer }) => answer === null)) return false
    const { open, closing, finalizing } = this.edge.node.progress.windows
    return open + closing + finalizing === 0 && this.edge.node.facts().backlogEvents === 0
  }

  private unfinished() {
    const waiting = this.deliveries.filter(({ answer }) => answer === null).map(({ batch }) => batch.key)
    return { waiting, progress: this.edge?.node?.progress, decision: this.edge?.node?.decision }
  }
}

const isDiskError = (error: unknown) =>
  error instanceof LogFailed || (error instanceof Error && 'code' in error && error.code === 'ENOSPC')

function reclaimSituation(reason: string): string {
  if (reason.startsWith('the cloud did not finish')) return 'an envelope was reclaimed after its deadline'
  if (reason.startsWith('another content')) return 'an envelope was reclaimed for a foreign head under its number'
  if (reason.startsWith('the stream')) return 'an envelope was reclaimed because the stream did not take it'
  return 'an envelope was reclaimed for a refusal'
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
