import type { Logger } from 'pino'
import { InvokeFailed } from '../../cloud/functions'
import { PartialStore } from '../../cloud/partial-store'
import { ResultStore } from '../../cloud/result-store'
import type { Manifest } from '../../core/ledger'
import type { Answer, LogRecord } from '../../core/log-record'
import type { Pipeline } from '../../core/pipeline'
import type { Clock } from '../../edge-node/clock'
import { DeadLetters } from '../../edge-node/dead-letters'
import { LogFailed } from '../../edge-node/log'
import { EdgeNode } from '../../edge-node/node'
import { Prewarmer } from '../../edge-node/prewarmer'
import { attachLines, recover } from '../../edge-node/recovery'
import { readBody } from '../../edge-node/request-body'
import { SimFiles } from './files'
import { VERSION } from './functions'
import type { History } from './history'
import { SimProcess } from './process'
import { SimLog } from './sim-log'
import { simPipeline } from './sim-pipeline'
import { EPOCH_MS } from './workload'
import type { World } from './world'

/** What a client hears. */
export type Reply =
  | { readonly status: 202; readonly answer: Answer }
  | { readonly status: 429 | 503; readonly retryAfterMs: number }

/** One boot of the edge node: the real node with everything around it simulated. */
export class SimEdge {
  readonly process: SimProcess
  readonly log: SimLog
  readonly files: SimFiles
  /** Null until it has recovered. */
  node: EdgeNode | null = null
  isStopping = false
  private readonly pipeline: Pipeline
  /** The log with what is not durable yet. */
  private readonly appended: History
  private lastRequestRanMs = 0
  private readonly clock: Clock

  constructor(
    boot: number,
    private readonly world: World,
  ) {
    const { timeline, disk, randomOf, rules } = world
    this.process = new SimProcess(`edge ${boot}`, timeline)
    this.pipeline = simPipeline(world.scenario, {
      nap: (ms) => this.process.sleep(ms),
      fails: () => randomOf('flaky').chance(0.3),
    })
    const bootedAtMs = timeline.nowMs
    this.clock = {
      epochMs: () => EPOCH_MS + timeline.nowMs + world.edgeSkewMs,
      monotonicMs: () => timeline.nowMs - bootedAtMs,
      after: (delayMs, fire) => this.process.after(delayMs, fire),
    }
    this.appended = disk.history.fork()
    const { records, tornBytes, checkpoint } = this.openDisk()
    if (tornBytes > 0) world.coverage.seen('a crash left a torn tail')
    if (checkpoint !== null) world.coverage.seen('a restart took up a checkpoint')
    if (this.appended.openWindows().length > 0) world.coverage.seen('a restart found open windows')
    if (this.appended.uncut > 0) world.coverage.seen('a restart found uncut events')
    const diskDelayMs = () => randomOf('disk').between(0, world.scenario.diskMs)
    this.log = new SimLog(this.process, disk, diskDelayMs, (record) => this.appends(record))
    this.files = new SimFiles(this.process, disk, diskDelayMs, (final) => {
      rules.shows(final)
      world.finalShown(final)
    })
    this.note(
      () => `boots with ${records.length} records${tornBytes > 0 ? `, ${tornBytes} torn bytes are cut off` : ''}`,
    )
    world.background(this.start(records, checkpoint))
  }

  private openDisk() {
    const { disk } = this.world
    const checkpoint = disk.newestCheckpoint()
    return { checkpoint, ...disk.open(checkpoint?.segment ?? 0) }
  }

  private async start(records: readonly LogRecord[], checkpoint: ReturnType<SimEdge['openDisk']>['checkpoint']) {
    const { scenario, rules, tables, functions, stream } = this.world
    const { config } = scenario
    const { process, clock, log, files, pipeline } = this
    const logger = this.logger()
    const limits = { answers: config.maxAnswers, openPanes: config.maxOpenPanes, idleTimeoutMs: config.idleTimeoutMs }
    const recovered = recover(pipeline, VERSION, records, limits, clock.epochMs(), checkpoint)
    await attachLines(recovered.ledger, log)
    await log.append([recovered.boot])
    for (const final of recovered.finals) files.publish(final)
    rules.restarted(files.finals)
    const neededOffset = recovered.ledger.neededOffset()
    const deadLetters = await DeadLetters.over(files.letters, pipeline, files.results, neededOffset)
    const invokeBurst = { invoke: async () => functions.burst([]) }
    this.node = new EdgeNode({
      config,
      pipeline,
      log,
      diskSpace: { isLow: false },
      checkpoints: files.checkpoints,
      recovered,
      results: files.results,
      deadLetters,
      cloud: {
        partials: new PartialStore(tables.seenBy(process, tables.partials), () => 0),
        results: new ResultStore(tables.seenBy(process, tables.results), () => 0),
        merge: { invoke: (manifest) => this.invokeMerge(manifest as Manifest) },
      },
      prewarmer: new Prewarmer(invokeBurst, scenario.lanes, logger),
      stream: stream.seenBy(process),
      logger,
      clock,
    })
    this.lastRequestRanMs = process.ranMs
    this.node.start()
  }

  /** A request reaches the node, if it is up; the reply is its own. */
  receive(key: string, lines: readonly string[], reply: (reply: Reply) => void): void {
    const { node } = this
    if (node === null || node.unready !== null) return reply({ status: 503, retryAfterMs: 100 })
    const { maxLineBytes, maxBodyBytes, maxFutureSkewMs } = this.world.scenario.config
    const limits = { bodyBytes: maxBodyBytes, lineBytes: maxLineBytes, futureSkewMs: maxFutureSkewMs }
    const body = readBody(this.pipeline, Buffer.from(lines.join('\n')), limits, this.clock.epochMs())
    node.ingest({ key, ...body }, null).then(
      (ingested) => {
        if (ingested.kind === 'accepted') return reply({ status: 202, answer: ingested.answer })
        if (node.decision.route === 'refuse') this.lastRequestRanMs = this.process.ranMs
        else this.world.coverage.seen('a request was refused for too many keys')
        reply({ status: 429, retryAfterMs: ingested.retryAfterMs })
      },
      (error) => {
        if (error instanceof LogFailed) reply({ status: 503, retryAfterMs: 100 })
        else this.world.bug(error)
      },
    )
  }

  private appends(record: LogRecord): void {
    const { rules, coverage } = this.world
    if (record.type === 'request') this.lastRequestRanMs = this.process.ranMs
    if (record.type === 'closing') {
      const { horizonMs } = record
      const idleMs = this.process.ranMs - this.lastRequestRanMs
      const byIdleness = rules.closes({ horizonMs, appended: this.appended, idleMs, clockMs: this.clock.epochMs() })
      if (byIdleness) coverage.seen('a window closed by idleness')
    }
    try {
      this.appended.add([record])
    } catch (error) {
      rules.broken('the log does not contradict itself', String(error))
    }
    this.note(() => `appends ${describe(record)}`)
    this.world.edgeCalls()
  }

  private invokeMerge(manifest: Manifest): Promise<unknown> {
    const { world, process } = this
    world.rules.merges(manifest)
    const lost = world.faults.strikes('merge request lost')
    const silent = world.faults.strikes('merge response lost')
    const twice = world.faults.strikes('merge called twice')
    const random = world.randomOf('merge calls')
    world.edgeCalls()
    return new Promise((resolve, reject) => {
      const unreachable = () => reject(new InvokeFailed('unreachable', 'merge', 'no answer'))
      if (lost) return process.after(random.between(50, 500), unreachable)
      world.timeline.after(random.between(1, 20), () => {
        const copy = JSON.parse(JSON.stringify(manifest)) as Manifest
        if (twice) void world.functions.merge(copy).catch(() => undefined)
        world.functions.merge(copy).then(
          (answer) => {
            world.merged(manifest.endMs, answer, silent)
            process.after(random.between(1, 20), () => (silent ? unreachable() : resolve(answer)))
          },
          (error) =>
            process.after(random.between(1, 20), () =>
              reject(new InvokeFailed('function_error', 'merge', String(error))),
            ),
        )
      })
    })
  }

  private logger(): Logger {
    const hear = (facts: Record<string, unknown>, message: string) => {
      this.world.heardFromEdge(facts, message)
      this.note(() => `${message} ${JSON.stringify(facts)}`)
    }
    return { warn: hear, info: hear, error: hear } as unknown as Logger
  }

  private note(what: () => string): void {
    this.world.trace.note(this.process.name, what)
  }
}

function describe(record: LogRecord): string {
  switch (record.type) {
    case 'request':
      return `request ${record.key}: ${record.lines.length} events from offset ${record.firstOffset}`
    case 'cut':
      return `cut ${record.header.number}: ${record.header.count} events from offset ${record.header.firstOffset}`
    case 'closing':
      return `closing to ${record.horizonMs - EPOCH_MS}`
    case 'final':
      return `final ${record.number} of the window to ${record.endMs - EPOCH_MS}`
    default:
      return record.type
  }
}
