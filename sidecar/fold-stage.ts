import type { Logger } from 'pino'
import { digestOf } from '../cloud/packing'
import { usageUsd } from '../core/cost'
import { digestInput, type Envelope } from '../core/envelope'
import type { EnvelopePartial } from '../core/fold'
import { addEvent, type EventHasher, eventHasher } from '../core/hash-sum'
import { Ledger } from '../core/ledger'
import { type Partial, type Tally, zeroTally } from '../core/partial'
import type { Pipeline } from '../core/pipeline'
import type { RunningPolicy } from '../core/policies'
import { tumbling } from '../core/window'
import type { Clock } from '../edge-node/clock'
import type { Config } from '../edge-node/config'
import { Overflow } from '../edge-node/overflow'
import { Router } from '../edge-node/router'
import { Workers } from '../edge-node/workers'
import type { AdmittedLines } from './admission'
import type { BurstCloud } from './burst-cloud'

/** What folding in the sidecar works with. */
export interface FoldStageDependencies {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly version: string
  /** Random for each start: heads of another start must never count. */
  readonly incarnation: string
  readonly cloud: BurstCloud
  readonly policy: RunningPolicy
  readonly logger: Logger
  readonly clock: Clock
}

/** An envelope folded, wherever: what each pane accepted, and what the fold made of it. */
export interface FoldedEnvelope {
  readonly lane: 'edge' | 'burst'
  readonly accepted: ReadonlyMap<number, Tally>
  readonly panes: ReadonlyMap<number, Partial>
}

interface Waiting {
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
  private readonly workers: Workers
  private readonly overflow: Overflow
  /** Each envelope is a window of its own, so that the ledger lets it go when it is answered. */
  private readonly ledger = new Ledger(tumbling(1))
  private readonly waiting = new Map<number, Waiting>()
  private readonly hasher: EventHasher
  private envelopes = 0
  private offset = 0
  private cancelTick = () => {}

  constructor(private readonly deps: FoldStageDependencies) {
    const { config, pipeline, version, incarnation, cloud, policy, logger, clock } = deps
    const { ledger } = this
    this.hasher = eventHasher(incarnation)
    this.workers = new Workers(pipeline, config.workers, (...folded) => this.foldedHere(...folded), clock)
    const lanes = () => cloud.lanes
    this.overflow = new Overflow({
      ...{ config, ledger, lanes, logger, clock },
      from: { pipeline: pipeline.name, version, incarnation },
      partials: cloud.partials,
      transport: cloud.transport,
      prewarmer: cloud.prewarmer,
      meters: cloud.meters,
      onCounted: (envelope) => void this.foldedInBurst(envelope),
      onReclaimed: (envelope) => this.workers.enqueueFirst(envelope),
    })
    const none = { events: 0, bytes: 0 }
    this.router = new Router({
      ...{ config, ledger, lanes, policy, logger, clock },
      workers: this.workers,
      overflow: this.overflow,
      intake: { open: none },
      cutter: { waiting: none },
      unread: { backlog: none },
      apart: { backlog: { ...none, envelopes: 0 } },
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

  start(): void {
    this.overflow.start()
    this.tick()
  }

  stop(): void {
    this.cancelTick()
    this.overflow.stop()
  }

  /** Resolves when the envelope is folded at the edge or in the burst. What the cloud does not finish is folded here. */
  fold({ lines, panes }: AdmittedLines): Promise<FoldedEnvelope> {
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
    const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
    this.ledger.enter({ envelope, panes: new Map([[envelope.number, zeroTally()]]), bytes })
    return new Promise((done) => {
      this.waiting.set(envelope.number, { accepted, done })
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

  private foldedHere({ number, count }: Envelope, { panes, deadLetters }: EnvelopePartial): void {
    this.ledger.countEdge(number)
    this.events.edge += count - deadLetters.length
    this.answer(number, 'edge', panes)
  }

  private async foldedInBurst(envelope: Envelope): Promise<void> {
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
    this.answer(number, 'burst', panes)
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

  private answer(number: number, lane: FoldedEnvelope['lane'], panes: ReadonlyMap<number, Partial>): void {
    const { accepted, done } = this.waiting.get(number)!
    this.waiting.delete(number)
    this.ledger.finalize(number + 1)
    for (const { dead } of panes.values()) this.events.deadLettered += dead.count
    done({ lane, accepted, panes })
  }
}
