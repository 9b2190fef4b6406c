// For: all parts of the node, and who tells whom what.
// In: requests, and what was recovered.
// Out: final windows; everything that http shows.

import type { Lanes } from '../../cloud/deployment'
import type { ReadRequest } from '../../core/protocol/intake'
import type { Overflow } from '../burst/burst'
import type { Finisher } from '../closing/closing'
import type { Config } from '../config/config'
import type { Controller } from '../control/control'
import type { EventCounts, Folding } from '../fold/fold'
import type { Arrivals } from '../ingest/arrivals'
import type { Cutter } from '../ingest/cutter'
import type { Ingested } from '../ingest/ingest'
import type { Checkpointer } from '../log/checkpointer'
import type { BurstParts } from '../observe/burst-parts'
import type { EnvelopeEvents } from '../observe/envelope-events'
import type { UnfinishedWindow } from '../observe/feed'
import type { NodeDependencies } from './parts'
import { type Parts, partsOf } from './parts'

/**
 * The edge node without its HTTP surface: admission, log, routing, folding, closing. Everything that changes state
 * happens synchronously in the order of the log; what others may see happens after the log is durable.
 */
export class EdgeNode {
  /** Of the log. */
  readonly incarnation: string
  readonly arrivals: Arrivals
  readonly overflow: Overflow
  readonly burstParts: BurstParts
  readonly cutter: Cutter
  readonly folding: Folding
  readonly finisher: Finisher
  readonly checkpointer: Checkpointer
  private readonly parts: Parts
  private stopped = false

  /** The way of an envelope, from its cut to the final of its windows: who does what when another part is done. */
  private readonly envelopeEvents: EnvelopeEvents = {
    durable: (envelope) => {
      if (!this.stopped) this.parts.router.route(envelope)
    },
    countedInBurst: (envelope, letters) => this.folding.countedInBurst(envelope, letters),
    reclaimed: (envelope, cause) => this.folding.reclaimed(envelope, cause),
    counted: () => this.parts.closer.finishComplete(),
    merged: (work) => this.overflow.usage.merged(work),
    recalled: (endMs, envelopes, reason) => this.folding.recall(endMs, envelopes, reason),
    final: ({ endMs }) => {
      this.deps.recovered.ledger.finalize(endMs)
      this.folding.foldRecalled()
      this.parts.closer.release()
    },
  }

  constructor(private readonly deps: NodeDependencies) {
    this.incarnation = deps.recovered.boot.incarnation
    this.parts = partsOf(deps, this.envelopeEvents, { pending: () => this.pending, unready: () => this.unready })
    this.arrivals = this.parts.arrivals
    this.overflow = this.parts.overflow
    this.burstParts = this.parts.burstParts
    this.cutter = this.parts.cutter
    this.folding = this.parts.folding
    this.finisher = this.parts.finisher
    this.checkpointer = this.parts.checkpointer
  }

  /** Takes up what the log left unfinished and starts the loops. */
  start(): void {
    const { folding, appender, loop, overflow, closer } = this.parts
    folding.start()
    appender.linger(0)
    loop.start()
    overflow.start()
    closer.finishComplete()
  }

  /**
   * Stops the loops, takes a checkpoint and flushes the log. What was accepted is in it; the next start goes on from
   * there. The caller has stopped calling `ingest`.
   */
  async stop(): Promise<void> {
    const { checkpoints, folding, loop, appender, overflow, finisher } = this.parts
    await checkpoints.takeLast()
    this.stopped = true
    folding.stop()
    loop.stop()
    appender.stop()
    overflow.stop()
    finisher.stop()
    await this.deps.log.close()
    await this.deps.keys.close()
    await this.deps.deadLetters.close()
    await this.deps.care?.suspects.close()
  }

  /** Why no request can be accepted now, in words; null while they can. */
  get unready(): string | null {
    const { diskSpace, log } = this.deps
    if (this.stopped) return 'the node is stopping'
    if (diskSpace.isGone)
      return 'the data folder was removed or replaced under the node; stop it, see to the folder, and start it again'
    if (!log.healthy) return 'the log cannot be written'
    return diskSpace.isLow ? 'the disk is nearly full' : null
  }

  /** Somebody sends something: see `Admission`. */
  touch(): void {
    this.parts.admission.touch()
  }

  /** Admits a request: see `Admission`. Rejects with LogFailed when the log cannot be written. */
  ingest(request: ReadRequest, scheduledAtMs: number | null): Promise<Ingested> {
    return this.parts.admission.ingest(request, scheduledAtMs)
  }

  /**
   * Sets the burst mode, for events that are accepted from now on: what came before is cut and goes its way first.
   * Resolves when the mode holds. Rejects with LogFailed while the disk refuses; then the mode is as it was.
   */
  async setMode(mode: Config['mode']): Promise<void> {
    const cuts = this.cutter.all()
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        cuts.proceed?.()
        resolve()
      }
      this.parts.appender.append([], { records: cuts.records, proceed }).catch(reject)
    })
    this.controller.mode = mode
  }

  /** The windows that are not final. */
  unfinished(): UnfinishedWindow[] {
    const { pipeline, recovered } = this.deps
    const { sizeMs } = pipeline.window
    return recovered.ledger.unfinished().map(({ endMs, ...rest }) => ({ start: endMs - sizeMs, end: endMs, ...rest }))
  }

  /**
   * The end of the first window that is not final, and the first event that may be folded again; Infinity when there is
   * none.
   */
  needed(): { readonly endMs: number; readonly offset: number } {
    const { ledger } = this.deps.recovered
    const ends = ledger.unfinished().map(({ endMs }) => endMs)
    return { endMs: Math.min(...ends), offset: ledger.neededOffset() }
  }

  /** For how long more events than are tolerated have been over the latency target; 0: they are not. */
  get overTargetForMs(): number {
    return this.parts.loop.overTargetForMs
  }

  get controller(): Controller {
    return this.parts.router.controller
  }

  get lanes(): Lanes {
    return this.deps.lanes()
  }

  get progress() {
    const { intake, ledger, state } = this.deps.recovered
    return {
      windows: { ...ledger.tally(), final: this.deps.results.count },
      horizonMs: intake.horizonMs,
      watermarkMs: intake.watermarkMs(this.deps.clock.epochMs()),
      groups: state.groups,
      panes: intake.panes,
      answerBytes: intake.answerBytes,
      ...this.folding.waiting,
      ...this.folding.workers.counters(),
    }
  }

  get events(): EventCounts {
    return this.folding.events
  }

  /** Events accepted and counted nowhere yet. */
  get pending(): number {
    const { accepted, edge, burst, deadLettered } = this.events
    return accepted - edge - burst - deadLettered
  }
}
