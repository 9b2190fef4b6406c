import type { Logger } from 'pino'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import { policyNamed } from '../../../core/control/policies'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { AnswerPage } from '../../../core/protocol/answer-block'
import type { Envelope } from '../../../core/protocol/envelope'
import { type EnvelopePartial, foldEnvelope } from '../../../core/protocol/fold'
import type { FoldNote } from '../../../core/protocol/fold-notes'
import type { Ledger } from '../../../core/protocol/ledger'
import type { Answer, LogRecord } from '../../../core/protocol/log-record'
import { isAllRejected } from '../../../core/protocol/rejections'
import type { Transport } from '../../../edge-node/burst/envelope-sender'
import { InvokeSender } from '../../../edge-node/burst/invoke-sender'
import { Prewarmer } from '../../../edge-node/burst/prewarmer'
import { BurstSender } from '../../../edge-node/burst/stream-sender'
import { Retainer } from '../../../edge-node/closing/retainer'
import { intakeLimits, policyTerms } from '../../../edge-node/config/config'
import { DeadLetters } from '../../../edge-node/dead-letters/dead-letters'
import type { Care } from '../../../edge-node/fold/apart/apart'
import { Suspects } from '../../../edge-node/fold/suspects'
import { UnreadableBody } from '../../../edge-node/ingest/body-lines'
import { digestOfBody, type ReadBody, readBody } from '../../../edge-node/ingest/request-body'
import { attachLines } from '../../../edge-node/log/attach-lines'
import type { Checkpoint } from '../../../edge-node/log/checkpoints'
import { KeyFiles } from '../../../edge-node/log/key-files'
import { LogFailed } from '../../../edge-node/log/log'
import { takeBackStale } from '../../../edge-node/log/recovery'
import { EdgeNode } from '../../../edge-node/node/node'
import type { NodeDependencies } from '../../../edge-node/node/parts'
import type { Clock } from '../../../edge-node/observe/clock'
import { finalsToAdd } from '../../../edge-node/results/final-lines'
import { recovered as recoveredFrom } from '../../edge-node/log/log-records'
import { BurstCalls, mergeCalls } from '../cloud/burst-calls'
import type { Cloud } from '../cloud/event-source'
import { VERSION } from '../cloud/functions'
import type { Context } from '../context'
import { LogWatch } from '../observer'
import { EPOCH_MS } from '../workload'
import type { SimDisk } from './disk'
import { SimFiles } from './files'
import { SimProcess } from './process'
import { SimLog } from './sim-log'
import { type SimEvent, simPipeline } from './sim-pipeline'

const RETAIN_EVERY_MS = 500

/** What a client hears. */
export type Reply =
  | { readonly status: 202 | 422; readonly answer: Answer }
  /** No line of the body was JSON. */
  | { readonly status: 400 }
  | { readonly status: 429 | 503; readonly retryAfterMs: number }

/** What the machine is to a process on it. */
export interface Host {
  readonly disk: SimDisk
  /** How far its clock is ahead of the world's. */
  readonly clockSkewMs: number
  /** The process calls something; it may not outlive that for long. */
  edgeCalls(): void
  /** An event ends the process. */
  diesOf(edge: SimEdge): void
}

/** One boot of the edge node: the real node with everything around it simulated. */
export class SimEdge {
  readonly process: SimProcess
  readonly log: SimLog
  readonly files: SimFiles
  /** Null until it has recovered. */
  node: EdgeNode | null = null
  isStopping = false
  private readonly pipeline: Pipeline
  /** In a process that may end. */
  private readonly apartPipeline: Pipeline
  private readonly clock: Clock
  private readonly watch: LogWatch

  constructor(
    boot: number,
    private readonly context: Context,
    private readonly cloud: Cloud,
    private readonly host: Host,
  ) {
    const { rules, observer, scenario } = context
    const { disk } = host
    this.process = new SimProcess(`edge ${boot}`, context.timeline)
    this.clock = clockOf(host, this.process)
    const fails = () => context.randomOf('flaky').chance(0.3)
    const nap = (ms: number) => this.process.sleep(ms)
    const dies = (delayMs: number) => void this.process.after(delayMs, () => host.diesOf(this))
    this.pipeline = simPipeline(scenario, { nap, fails, dies })
    this.apartPipeline = simPipeline(scenario, { nap, fails, dies: () => undefined })
    this.watch = new LogWatch(context, this.process, this.clock.epochMs, disk.history)
    const checkpoint = disk.newestCheckpoint()
    const { records, tornBytes } = disk.open(checkpoint?.segment ?? 0)
    const diskDelayMs = () => context.randomOf('disk').between(0, scenario.diskMs)
    this.log = new SimLog(this.process, disk, diskDelayMs, (record) => {
      this.watch.appends(record)
      host.edgeCalls()
    })
    this.files = new SimFiles(this.process, disk, diskDelayMs, (final) => {
      rules.shows(final)
      observer.finalShown(final)
    })
    if (checkpoint !== null) observer.saw('a restart took up a checkpoint')
    if (tornBytes > 0) observer.saw('a crash left a torn tail')
    this.note(() => `boots with ${records.length} records; ${tornBytes} torn bytes are cut off`)
    this.start(records, checkpoint).catch((error) => context.bug(error))
  }

  /** A request reaches the process; the reply is its own. */
  receive(key: string, lines: readonly string[], reply: (reply: Reply) => void): void {
    const { node, context } = this
    if (node !== null) this.touch(node)
    if (node === null || node.unready !== null) {
      reply({ status: 503, retryAfterMs: 100 })
      return
    }
    const { maxLineBytes, maxBodyBytes, maxFutureSkewMs } = context.scenario.config
    const limits = { bodyBytes: maxBodyBytes, lineBytes: maxLineBytes, futureSkewMs: maxFutureSkewMs }
    const bytes = Buffer.from(lines.join('\n'))
    let body: ReadBody
    try {
      body = readBody(this.pipeline, bytes, limits, this.clock.epochMs())
    } catch (error) {
      if (!(error instanceof UnreadableBody)) throw error
      reply({ status: 400 })
      return
    }
    node.ingest({ key, digest: digestOfBody(bytes), ...body }, null).then(
      (ingested) => {
        if (ingested.kind === 'accepted') reply(this.accepted(key, ingested.answer))
        else if (ingested.kind === 'refused') reply(this.refused(ingested.retryAfterMs))
        else context.rules.broken('a key has one body', key)
      },
      (error) => {
        if (error instanceof LogFailed) reply({ status: 503, retryAfterMs: 100 })
        else context.bug(error)
      },
    )
  }

  private async start(records: readonly LogRecord[], checkpoint: Checkpoint | null): Promise<void> {
    const { rules, scenario } = this.context
    const { clock, log, files, pipeline } = this
    const { config } = scenario
    const limits = { intake: intakeLimits(config), heldBytes: config.maxBacklogBytes }
    const terms = { pipeline, version: VERSION, limits, checkpoint }
    const pages: AnswerPage[] = []
    const keys = await KeyFiles.over(files.keys, (page) => void pages.push(page))
    const recovered = recoveredFrom(terms, records, clock.epochMs(), pages)
    for (const final of files.durableFinals) files.publish(final)
    const added = finalsToAdd(files.finalFiles, checkpoint?.finals ?? 0, recovered.finals)
    await log.append([recovered.boot])
    for (const final of added) files.publish(final)
    rules.restarted(files.finals)
    const neededOffset = recovered.ledger.neededOffset()
    const deadLetters = await DeadLetters.over(files.letters, pipeline, files.results, neededOffset)
    takeBackStale(recovered.ledger, deadLetters)
    await attachLines(recovered.ledger, log, recovered.ledger.unattached(), config.maxBacklogBytes)
    const { checkpoints, results, finalFiles: finals } = files
    const care = await this.care(recovered.ledger, deadLetters)
    const node = { config, pipeline, log, checkpoints, recovered, results, finals, keys, deadLetters, clock, care }
    this.node = new EdgeNode({ ...node, ...this.surroundings() })
    this.watch.requested()
    this.node.start()
    this.retain(this.node)
  }

  /** Takes away old results now and then, and never one that a later one has to follow. */
  private retain(node: EdgeNode): void {
    const { context, files, clock } = this
    const { rules, observer, scenario } = context
    const { results, finals } = files.retained
    const watched = {
      ...finals,
      take: (taken: Parameters<typeof finals.take>[0]) => {
        observer.saw('retention took windows away')
        const unfinished = node.unfinished().filter(({ end }) => end <= (taken.toMs ?? 0))
        if (unfinished.length > 0) rules.broken('retention takes away nothing that others have to follow', unfinished)
        return finals.take(taken)
      },
      get count() {
        return finals.count
      },
    }
    const nothing = { deleteBefore: async () => {} }
    const needed = () => node.needed()
    const retained = { results, finals: watched, deadLetters: nothing, replays: nothing, needed, logger: this.logger() }
    const limits = { ageMs: scenario.retentionMs, bytes: Number.POSITIVE_INFINITY }
    new Retainer(retained, limits, clock, RETAIN_EVERY_MS).start()
  }

  private async care(ledger: Ledger, deadLetters: DeadLetters): Promise<Care> {
    const waiting = [...ledger.queued(), ...ledger.unattached()].map(({ digest }) => digest)
    const notes = this.host.disk.foldNotes
    const begin = (first: readonly FoldNote[]) => this.files.beginNotes(first)
    const suspects = await Suspects.open({ notes, waiting, begin, clock: this.clock, logger: this.logger() })
    return { suspects, foldApart: (envelope) => this.foldApart(envelope, deadLetters) }
  }

  /**
   * What the process comes to that folds apart: it ends at each event that ends processes, and that event is
   * dead-lettered.
   */
  private async foldApart(envelope: Envelope, deadLetters: DeadLetters): Promise<EnvelopePartial> {
    this.context.observer.saw('an envelope was folded apart')
    await this.process.sleep(this.context.randomOf('apart').between(1, 300))
    const isDeadly = (line: string) => (JSON.parse(line) as SimEvent).deadly !== undefined
    const offsets = envelope.lines.flatMap((line, index) => (isDeadly(line) ? [envelope.firstOffset + index] : []))
    deadLetters.add(
      envelope,
      offsets.map((offset) => ({ offset, code: 'map_killed', reason: 'it ended its process' })),
    )
    await deadLetters.flush().catch(() => undefined)
    return foldEnvelope(this.apartPipeline, envelope, { timers: this.process, dead: deadLetters.of(envelope) })
  }

  private surroundings(): Pick<
    NodeDependencies,
    'cloud' | 'diskSpace' | 'lanes' | 'logger' | 'meters' | 'policy' | 'prewarmer' | 'transport'
  > {
    const { context, cloud, host, process } = this
    const { tables, functions } = cloud
    const { disk } = host
    const { config } = context.scenario
    const logger = this.logger()
    return {
      cloud: {
        partials: new PartialStore(tables.seenBy(process, tables.partials), () => 0),
        results: new ResultStore(tables.seenBy(process, tables.results), () => 0),
        runEnvelopes: context.scenario.runEnvelopes,
        runParts: context.scenario.runParts,
        merge: mergeCalls(context, cloud, process, () => host.edgeCalls()),
      },
      diskSpace: {
        isGone: false,
        get isLow() {
          return disk.isLow
        },
      },
      prewarmer: new Prewarmer({ invoke: () => functions.burst([]) }, context.scenario.lanes, logger),
      policy: policyNamed(config.policy, policyTerms(config, 'standard')),
      meters: [],
      lanes: () => ({ shards: 1, parallelization: context.scenario.lanes, consumer: 'standard' }),
      transport: this.transport(),
      logger,
    }
  }

  private transport(): Transport {
    const { context, cloud, process, clock } = this
    const { transport, maxInvokes } = context.scenario.config
    switch (transport) {
      case 'kinesis':
        return (hooks) => new BurstSender(cloud.stream.seenBy(process), hooks, clock)
      case 'invoke': {
        const calls = new BurstCalls(context, cloud.functions, process)
        return (hooks) => new InvokeSender(calls, () => maxInvokes, hooks, clock)
      }
    }
  }

  private accepted(key: string, answer: Answer): Reply {
    const { rules, observer } = this.context
    observer.answered(answer, !rules.hasAnswered(key))
    rules.answered(key, answer)
    return { status: isAllRejected(answer) ? 422 : 202, answer }
  }

  /**
   * As the HTTP surface does with each request. Waiting for requests begins anew, unless only closings can make room
   * for them.
   */
  private touch(node: EdgeNode): void {
    node.touch()
    const { observer, scenario } = this.context
    const { groups, panes } = node.progress
    if (groups >= scenario.config.maxGroups) observer.saw('a request came while too many keys were held')
    else if (panes >= scenario.config.maxOpenPanes) observer.saw('a request came while too many panes were open')
    else this.watch.requested()
  }

  private refused(retryAfterMs: number): Reply {
    this.context.observer.saw('a request was refused with 429')
    return { status: 429, retryAfterMs }
  }

  private logger(): Logger {
    const hear = (facts: Record<string, unknown>, message: string) => {
      this.context.observer.heard(facts, message)
      this.note(() => `${message} ${JSON.stringify(facts)}`)
    }
    const logger = { warn: hear, info: hear, error: hear, child: () => logger } as unknown as Logger
    return logger
  }

  private note(what: () => string): void {
    this.context.trace.note(this.process.name, what)
  }
}

function clockOf(host: Host, process: SimProcess): Clock {
  const { timeline } = process
  const bootedAtMs = timeline.nowMs
  return {
    epochMs: () => EPOCH_MS + timeline.nowMs + host.clockSkewMs,
    monotonicMs: () => timeline.nowMs - bootedAtMs,
    after: (delayMs, fire) => process.after(delayMs, fire),
    soon: (fire) => void process.after(0, fire),
  }
}
