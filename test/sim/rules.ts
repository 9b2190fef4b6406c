import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../cloud/item-store'
import type { EnvelopeHeader } from '../../core/protocol/envelope'
import type { Answer, FinalRecord } from '../../core/protocol/log-record'
import type { Manifest } from '../../core/protocol/protocol'
import type { EventCounts } from '../../edge-node/fold/fold'
import type { SimDisk } from './edge/disk'
import { rowsName } from './edge/files'
import type { History } from './history'
import type { Scenario } from './scenario'

/** A rule that a world broke. */
export interface Violation {
  readonly rule: string
  readonly detail: string
}

/** When and why a horizon was moved, as far as the world can tell. */
export interface ClosingFacts {
  readonly horizonMs: number
  /** The log including what is not durable yet. */
  readonly appended: History
  /** How long no request had reached the node while it could run. */
  readonly idleMs: number
  readonly clockMs: number
}

const TICK_MS = 200 // idleness is counted in ticks of at most so much: the first may reach back before the last request

/** Lines that were refused for these may be accepted later, so that an answer with them is given again. */
const PASSES_LATER = new Set(['too_many_windows', 'timestamp_in_future'])

/** What must hold at every step. The first violation is kept; it ends the world. */
export class Rules {
  violation: Violation | null = null
  private readonly answers = new Map<string, Answer>()
  private readonly shown = new Map<number, FinalRecord>()

  constructor(
    private readonly scenario: Scenario,
    private readonly disk: () => SimDisk,
  ) {}

  broken(rule: string, detail: unknown): void {
    this.violation ??= { rule, detail: typeof detail === 'string' ? detail : JSON.stringify(detail) }
  }

  /** The data directory is another one from now on: only what it holds was ever said. */
  beginLife(): void {
    this.answers.clear()
    this.shown.clear()
    for (const [key, answer] of this.disk().history.answers) this.answers.set(key, answer)
    for (const [endMs, final] of this.disk().history.finals) this.shown.set(endMs, final)
  }

  hasAnswered(key: string): boolean {
    return this.answers.has(key)
  }

  answered(key: string, answer: Answer): void {
    const logged = this.disk().history.answers.get(key)
    // What accepted nothing and never will need not be remembered: it is judged alike when it comes again.
    const isForgotten = answer.accepted === 0 && !answer.rejected.some(({ code }) => PASSES_LATER.has(code))
    if (logged === undefined && isForgotten && !this.answers.has(key)) return
    if (!isDeepStrictEqual(logged, answer))
      this.broken('a 202 is sent after its record is durable', { key, answer, logged })
    const before = this.answers.get(key)
    if (before !== undefined && !isDeepStrictEqual(before, answer))
      this.broken('an answer given is never taken back', { key, before, answer })
    this.answers.set(key, answer)
  }

  /** An envelope goes to the stream. */
  leaves({ number, digest }: EnvelopeHeader): void {
    const durable = this.disk().history.cuts[number]
    if (durable?.digest !== digest) this.broken('an envelope leaves after its cut is durable', { number, digest })
  }

  /** A window is to be merged. */
  merges({ endMs, accepted }: Manifest): void {
    const { history } = this.disk()
    if (endMs > history.horizonMs) this.broken('a closing is acted on after it is durable', { endMs })
    const logged = history.acceptedIn(endMs)
    if (!isDeepStrictEqual(logged, accepted))
      this.broken('the ledger counts what the log accepted', { endMs, accepted, logged })
  }

  shows(final: FinalRecord): void {
    const { endMs } = final
    const { history, rows } = this.disk()
    if (!isDeepStrictEqual(history.finals.get(endMs), final))
      this.broken('a final is shown after its record is durable', final)
    if (endMs > history.horizonMs) this.broken('a window is closed before it is final', final)
    if (final.accepted[0] !== final.edge + final.burst + final.deadLettered)
      this.broken('accepted = edge + burst + dead-lettered', final)
    if (!isDeepStrictEqual(history.acceptedIn(endMs), final.accepted))
      this.broken('a final accepts what the log accepted', { final, logged: history.acceptedIn(endMs) })
    if (!rows.has(rowsName(endMs, final.digest))) this.broken('the rows of a final are on disk', final)
    const before = this.shown.get(endMs)
    if (before !== undefined && !isDeepStrictEqual(before, final)) this.broken('final is final', { before, final })
    this.shown.set(endMs, final)
  }

  /** A restart has published what it found. */
  restarted(finals: readonly FinalRecord[]): void {
    for (const endMs of this.shown.keys()) {
      if (!finals.some((final) => final.endMs === endMs)) this.broken('what was final stays final', { endMs })
    }
  }

  /** Returns whether the horizon moved because nothing had come. */
  closes({ horizonMs, appended, idleMs, clockMs }: ClosingFacts): boolean {
    const { outOfOrdernessMs, allowedLatenessMs, config } = this.scenario
    const graceMs = outOfOrdernessMs + allowedLatenessMs
    if (horizonMs <= Math.min(appended.newestMs, clockMs) - graceMs) return false
    const mayClose = horizonMs <= clockMs - graceMs && horizonMs <= appended.latestWindowEndMs
    if (idleMs < config.idleTimeoutMs - TICK_MS || !mayClose)
      this.broken('windows close by event time or by idleness', {
        horizonMs,
        newestMs: appended.newestMs,
        idleMs,
        clockMs,
      })
    return true
  }

  /** An item is written whose key is not free. */
  overwrites(before: Item, after: Item): void {
    if (!Buffer.from(before.body).equals(Buffer.from(after.body)))
      this.broken('what stands in the cloud never changes', { pk: before.pk, sk: before.sk })
  }

  counts({ accepted, edge, burst, deadLettered }: EventCounts): void {
    if (edge + burst + deadLettered > accepted)
      this.broken('nothing is counted twice', { accepted, edge, burst, deadLettered })
  }
}
