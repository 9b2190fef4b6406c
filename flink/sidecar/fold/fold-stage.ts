import type { Logger } from 'pino'
import { digestOf } from '../../../cloud/packing'
import { usageUsd } from '../../../core/control/cost'
import type { Orders } from '../../../core/control/job/orders'
import type { RunningPolicy } from '../../../core/control/policies'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import { digestInput, type Envelope } from '../../../core/protocol/envelope'
import type { DeadLetter } from '../../../core/protocol/fold'
import { addEvent, type EventHasher, eventHasher } from '../../../core/protocol/hash-sum'
import { Ledger } from '../../../core/protocol/ledger'
import { type Partial, type Tally, zeroTally } from '../../../core/protocol/partial'
import { Overflow } from '../../../edge-node/burst/burst'
import { lanesOf } from '../../../edge-node/config/config'
import { Router } from '../../../edge-node/control/router'
import { ApartLane } from '../../../edge-node/fold/apart/apart'
import { bytesOf, Workers } from '../../../edge-node/fold/workers'
import type { Clock } from '../../../edge-node/observe/clock'
import type { ReclaimCause } from '../../../edge-node/observe/envelope-events'
import type { AdmittedLines } from '../admission'
import type { BurstCloud } from '../burst-cloud'
import type { StandingOrders } from '../standing-orders'
import { type PackedPane, packPanes } from '../windows'
import type { FoldedHere } from './fold-orders'
import type { Folding } from './folding'

/** What folding in the sidecar works with. */
export interface FoldStageDependencies {
  /** The settings, with what the controller of the job made of them. */
  readonly orders: StandingOrders
  readonly pipeline: Pipeline
  readonly version: string
  /** Random for each start: heads of another start must never count. */
  readonly incarnation: string
  readonly cloud: BurstCloud
  readonly folding: Pick<Folding, 'fold' | 'foldApart'>
  readonly policy: RunningPolicy
  readonly logger: Logger
  readonly clock: Clock
}

/** An event that could not be folded: which line of the envelope, and why. */
export interface LineFault {
  readonly index: number
  readonly code: DeadLetter['code']
  readonly reason: string
}

/** An envelope folded, wherever: what each pane accepted, and what the fold made of it. */
export interface FoldedEnvelope {
  readonly lane: 'edge' | 'burst'
  readonly accepted: ReadonlyMap<number, Tally>
  readonly panes: readonly PackedPane[]
  readonly faults: readonly LineFault[]
}

interface Waiting {
  readonly firstOffset: number
  readonly bytes: number
  readonly accepted: ReadonlyMap<number, Tally>
  readonly done: (folded: FoldedEnvelope) => void
}

const TICK_MS = 50 // as in the edge node

/**
 * Folds envelopes, here or in the burst, with the router, the policy, the workers and the way to the cloud of the edge
 * node. What the edge node's log and windows do is Flink's part: here an envelope is forgotten once it is answered.
 */
export class FoldStage {
  readonly router: Router
  readonly events = { edge: 0, burst: 0, deadLettered: 0 }
  readonly overflow: Overflow
  private readonly workers: Workers<FoldedHere>
  private readonly apart: ApartLane
  /** Each envelope is a window of its own, so that the ledger lets it go when it is answered. */
  private readonly ledger = new Ledger(tumbling(1))
  private readonly waiting = new Map<number, Waiting>()
  private readonly hasher: EventHasher
  private envelopes = 0
  private bytes = 0
  private offset = 0
  private cancelTick = () => {}

  constructor(private readonly deps: FoldStageDependencies) {
    const { orders, pipeline, version, incarnation, cloud, folding, logger, clock } = deps
    const { config } = orders
    const policy = orders.over(deps.policy)
    const { ledger } = this
    this.hasher = eventHasher(incarnation)
    this.workers = new Workers(folding.fold, config.workers, (...folded) => this.foldedHere(...folded), clock)
    const everything = { has: () => true } // what gets there is suspect
    this.apart = new ApartLane({ suspects: everything, foldApart: folding.foldApart }, (envelope, partial) =>
      this.counted(envelope, packPanes(pipeline, partial.panes), partial.deadLetters),
    )
    const lanes = () => cloud.lanes
    this.overflow = new Overflow({
      ...{ config, ledger, lanes, logger, clock },
      from: { pipeline: pipeline.name, version, incarnation },
      partials: cloud.partials,
      transport: cloud.transport,
      prewarmer: cloud.prewarmer,
      meters: cloud.meters,
      events: {
        countedInBurst: (envelope, letters) => void this.foldedInBurst(envelope, letters),
        reclaimed: (envelope, cause) => this.reclaimed(envelope, cause),
      },
    })
    const none = { events: 0, bytes: 0 }
    this.router = new Router({
      ...{ config, ledger, lanes, policy, logger, clock },
      workers: this.workers,
      overflow: this.overflow,
      intake: { open: none },
      cutter: { waiting: none },
      unread: { backlog: none },
      apart: this.apart,
      admitted: () => this.offset,
    })
  }

  /** What went to the cloud, when, and what it cost. */
  burst() {
    const { overflow } = this
    const usage = overflow.used()
    const { sentEnvelopes: envelopes, reclaims, cloudState, episodes } = overflow
    return { envelopes, reclaims, cloudState, episodes: episodes.all, usage, usd: usageUsd(usage) }
  }

  /** Events that were handed over to be folded. */
  get accepted(): number {
    return this.offset
  }

  /** The controller of the job has spoken. Instances are started now or not at all: the word may be the last one. */
  obey(next: Orders): void {
    const { orders, cloud } = this.deps
    orders.obey(next)
    this.router.controller.mode = orders.mode
    cloud.prewarmer.lanes = Math.min(lanesOf(orders.config, cloud.lanes), orders.limits.lanes)
    if (next.prewarm) this.router.controller.prewarm()
  }

  start(): void {
    this.overflow.start()
    this.tick()
  }

  stop(): void {
    this.cancelTick()
    this.overflow.stop()
  }

  /** Bytes of all envelopes that are not answered, wherever they are: until then their lines are in memory. */
  get held(): { readonly envelopes: number; readonly bytes: number; readonly apart: number } {
    return { envelopes: this.waiting.size, bytes: this.bytes, apart: this.apart.backlog.envelopes }
  }

  /** Whether no more should be taken. One envelope may go over the limit, so that any size gets its turn. */
  get isFull(): boolean {
    return this.bytes >= this.deps.orders.config.maxBacklogBytes
  }

  /** Resolves when the envelope is folded at the edge or in the burst. What the cloud does not finish is folded here. */
  fold({ lines, panes }: Pick<AdmittedLines, 'lines' | 'panes'>): Promise<FoldedEnvelope> {
    const { pipeline, version, incarnation } = this.deps
    const header = {
      pipeline: pipeline.name,
      ...{ version, incarnation },
      number: this.envelopes++,
      firstOffset: this.offset,
      count: lines.length,
      horizonMs: Number.NEGATIVE_INFINITY, // lateness is judged where the windows are
    }
    const envelope = { ...header, digest: digestOf(digestInput(header, lines)), lines }
    const accepted = this.tallies(panes)
    this.offset += lines.length
    const bytes = bytesOf(envelope)
    this.bytes += bytes
    this.ledger.enter({ envelope, panes: new Map([[envelope.number, zeroTally()]]), bytes })
    return new Promise((done) => {
      this.waiting.set(envelope.number, { firstOffset: header.firstOffset, bytes, accepted, done })
      this.router.route(envelope)
    })
  }

  private tick(): void {
    this.router.controller.look()
    this.router.burstWaiting()
    this.overflow.tick()
    this.cancelTick = this.deps.clock.after(TICK_MS, () => this.tick())
  }

  private tallies(panes: readonly number[]): Map<number, Tally> {
    const tallies = new Map<number, Tally>()
    panes.forEach((pane, index) => {
      const tally = tallies.get(pane) ?? zeroTally()
      tallies.set(pane, tally)
      tally.count += 1
      addEvent(tally.sum, this.hasher, this.offset + index)
    })
    return tallies
  }

  private foldedHere(envelope: Envelope, folded: FoldedHere): void {
    switch (folded.kind) {
      case 'folded':
        this.counted(envelope, folded.panes, folded.deadLetters)
        return
      case 'suspect':
        this.apart.takes(envelope)
    }
  }

  private counted(envelope: Envelope, panes: readonly PackedPane[], deadLetters: readonly DeadLetter[]): void {
    this.ledger.countEdge(envelope.number)
    this.events.edge += envelope.count - deadLetters.length
    this.answer(envelope.number, 'edge', panes, deadLetters)
  }

  /** One that would have ended a function would end the process that folds here as well. */
  private reclaimed(envelope: Envelope, cause: ReclaimCause): void {
    if (cause === 'killed') this.apart.takes(envelope)
    else this.workers.enqueueFirst(envelope)
  }

  private async foldedInBurst(envelope: Envelope, letters: readonly DeadLetter[]): Promise<void> {
    const { number } = envelope
    const panes = await this.panesOf(envelope).catch((error: unknown) => {
      this.deps.logger.warn({ envelope: number, error: String(error) }, 'a partial cannot be read')
      return null
    })
    if (panes === null) {
      // Counted there already, so it has to be taken back before it is folded again.
      this.ledger.recall(number + 1, new Set([number]))
      this.workers.enqueueFirst(envelope)
      return
    }
    for (const { folded } of panes.values()) this.events.burst += folded.count
    this.answer(number, 'burst', packPanes(this.deps.pipeline, panes), letters)
  }

  /** What the cloud made of an envelope; null when some of it is missing. */
  private async panesOf(envelope: Envelope): Promise<Map<number, Partial> | null> {
    const { pipeline, cloud } = this.deps
    const head = (await cloud.partials.heads(envelope, [envelope.number])).get(envelope.number)
    if (head?.kind !== 'done' || head.digest !== envelope.digest) return null
    const starts = head.panes.map(({ startMs }) => startMs)
    const partials = await cloud.partials.panes(pipeline, envelope, envelope.number, head, new Set(starts))
    return partials && new Map(starts.map((startMs, index) => [startMs, partials[index]!]))
  }

  private answer(
    number: number,
    lane: FoldedEnvelope['lane'],
    panes: readonly PackedPane[],
    letters: readonly DeadLetter[],
  ): void {
    const { firstOffset, bytes, accepted, done } = this.waiting.get(number)!
    this.waiting.delete(number)
    this.bytes -= bytes
    this.ledger.finalize(number + 1)
    this.events.deadLettered += letters.length
    const faults = letters.map(({ offset, code, reason }) => ({ index: offset - firstOffset, code, reason }))
    done({ lane, accepted, panes, faults })
  }
}
