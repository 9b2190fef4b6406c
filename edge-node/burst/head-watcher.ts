import type { Logger } from 'pino'
import type { Origin } from '../../cloud/keys'
import type { PartialStore } from '../../cloud/partial-store'
import type { Head } from '../../core/protocol/protocol'
import { type Clock, systemClock } from '../observe/clock'
import type { ReclaimCause } from '../observe/envelope-events'

const MAX_HEADS = 300 // envelopes asked after in one round: three BatchGet calls
const GATHER_MS = 4 // answers that come within this share a read; little beside the call that they end

/** An envelope in flight, as the ledger knows it. */
export interface InFlight {
  readonly number: number
  readonly digest: string
  /** By the monotonic clock of this process. */
  readonly reclaimAtMs: number
}

/** What to do about an envelope in flight. */
export type Verdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'count'; readonly head: Extract<Head, { kind: 'done' }> }
  | { readonly kind: 'reclaim'; readonly reason: string; readonly cause: ReclaimCause }

/** Pure: what a head, or its absence, means for an envelope at `nowMs`. */
export function judge(envelope: InFlight, head: Head | undefined, nowMs: number): Verdict {
  if (head === undefined) {
    return nowMs >= envelope.reclaimAtMs
      ? { kind: 'reclaim', reason: 'the cloud did not finish it in time', cause: 'silent' }
      : { kind: 'wait' }
  }
  if (head.digest !== envelope.digest)
    return { kind: 'reclaim', reason: 'another content stands under its number', cause: 'other' }
  if (head.kind === 'refused') {
    const cause = head.code === 'map_killed' ? 'killed' : 'other'
    return { kind: 'reclaim', reason: `${head.code}: ${head.reason}`, cause }
  }
  return { kind: 'count', head }
}

/**
 * Asks for the heads of the envelopes in flight, a few times a second while there are any, and at once for those that
 * are said to be finished. One read at a time, so that no envelope is told of twice.
 */
export class HeadWatcher {
  private cancel = () => {}
  private readonly said = new Set<number>()
  private pollAtMs = 0
  private isReading = false
  /** Where the next poll begins: with many in flight each has its turn, and stuck ones hide nobody. */
  private next = 0
  private stopped = false

  constructor(
    private readonly options: {
      readonly store: PartialStore
      readonly from: Origin
      readonly pollMs: number
      readonly inFlight: () => InFlight[]
      readonly onVerdict: (envelope: InFlight, verdict: Exclude<Verdict, { kind: 'wait' }>) => void
      readonly logger: Logger
    },
    private readonly clock: Clock = systemClock,
  ) {}

  start(): void {
    this.pollAtMs = this.clock.monotonicMs() + this.options.pollMs
    this.schedule()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  /** A hint: the envelope should have its head by now. It is read within a few ms, together with others. */
  finished(number: number): void {
    this.said.add(number)
    if (this.said.size === 1 && !this.isReading) this.schedule()
  }

  private schedule(): void {
    this.cancel()
    if (this.stopped) return
    const untilPollMs = Math.max(0, this.pollAtMs - this.clock.monotonicMs())
    const delayMs = this.said.size > 0 ? Math.min(GATHER_MS, untilPollMs) : untilPollMs
    this.cancel = this.clock.after(delayMs, () => void this.round())
  }

  private async round(): Promise<void> {
    const isPoll = this.clock.monotonicMs() >= this.pollAtMs
    const envelopes = this.due(isPoll)
    this.isReading = true
    if (envelopes.length > 0) await this.look(envelopes)
    this.isReading = false
    if (isPoll) this.pollAtMs = this.clock.monotonicMs() + this.options.pollMs
    this.schedule()
  }

  /** Those that are said to be finished, and in a poll those whose turn it is. */
  private due(isPoll: boolean): InFlight[] {
    const all = this.options.inFlight()
    const [from, to] = isPoll ? this.turn(all.length) : [0, 0]
    const due = all.filter(({ number }, index) => (index >= from && index < to) || this.said.has(number))
    this.said.clear()
    return due
  }

  private turn(count: number): [from: number, to: number] {
    const from = this.next < count ? this.next : 0
    this.next = from + MAX_HEADS
    return [from, this.next]
  }

  private async look(envelopes: readonly InFlight[]): Promise<void> {
    let heads: ReadonlyMap<number, Head> = new Map()
    try {
      heads = await this.options.store.heads(
        this.options.from,
        envelopes.map(({ number }) => number),
      )
    } catch (error) {
      // Deadlines count all the same: with the table away, envelopes come back to the edge.
      this.options.logger.warn({ error: String(error) }, 'the heads cannot be read')
    }
    for (const envelope of envelopes) {
      const verdict = judge(envelope, heads.get(envelope.number), this.clock.monotonicMs())
      if (verdict.kind !== 'wait' && !this.stopped) this.options.onVerdict(envelope, verdict)
    }
  }
}
