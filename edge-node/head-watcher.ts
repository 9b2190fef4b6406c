import type { Logger } from 'pino'
import type { Origin } from '../cloud/keys'
import type { PartialStore } from '../cloud/partial-store'
import type { Head } from '../core/head'
import { type Clock, systemClock } from './clock'

const MAX_HEADS = 300 // envelopes asked after in one round: three BatchGet calls

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
  | { readonly kind: 'reclaim'; readonly reason: string }

/** Pure: what a head, or its absence, means for an envelope at `nowMs`. */
export function judge(envelope: InFlight, head: Head | undefined, nowMs: number): Verdict {
  if (head === undefined) {
    return nowMs >= envelope.reclaimAtMs
      ? { kind: 'reclaim', reason: 'the cloud did not finish it in time' }
      : { kind: 'wait' }
  }
  if (head.digest !== envelope.digest) return { kind: 'reclaim', reason: 'another content stands under its number' }
  if (head.kind === 'refused') return { kind: 'reclaim', reason: `${head.code}: ${head.reason}` }
  return { kind: 'count', head }
}

/** Asks for the heads of the envelopes in flight, a few times a second while there are any. */
export class HeadWatcher {
  private cancel = () => {}
  /** Where the next round begins: with many in flight each has its turn, and stuck ones hide nobody. */
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
    this.cancel = this.clock.after(this.options.pollMs, () => void this.round())
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  private async round(): Promise<void> {
    const all = this.options.inFlight()
    if (this.next >= all.length) this.next = 0
    const envelopes = all.slice(this.next, this.next + MAX_HEADS)
    this.next += MAX_HEADS
    if (envelopes.length > 0) await this.look(envelopes)
    if (!this.stopped) this.start()
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
