import type { Decision } from '../../core/control/route'

const GAP_MS = 1_000 // bursts closer together than this are one episode
const REMEMBERED = 100 // episodes kept for readers of the status

/** A time of bursting: from the first envelope sent until nothing was sent for a second. */
export interface Episode {
  readonly startedAtMs: number
  /** When the stream took the first envelope; null until then. */
  readonly firstAcceptedAtMs: number | null
  readonly lastSentAtMs: number
  readonly envelopes: number
  /** The facts' words at the start. */
  readonly reason: string
  readonly endedAtMs: number | null
}

/** When and why there was bursting; the times are epoch ms. */
export class Episodes {
  private readonly list: Episode[] = []

  get all(): readonly Episode[] {
    return this.list
  }

  /** The episode in progress. */
  get current(): Episode | undefined {
    const last = this.list.at(-1)
    return last?.endedAtMs === null ? last : undefined
  }

  sent(nowMs: number, { reason }: Decision): void {
    const { current } = this
    if (current !== undefined) this.replaceLast({ ...current, lastSentAtMs: nowMs, envelopes: current.envelopes + 1 })
    else {
      this.list.push({
        startedAtMs: nowMs,
        firstAcceptedAtMs: null,
        lastSentAtMs: nowMs,
        envelopes: 1,
        reason,
        endedAtMs: null,
      })
      if (this.list.length > REMEMBERED) this.list.shift()
    }
  }

  /** The stream took an envelope. */
  accepted(nowMs: number): void {
    const last = this.list.at(-1)
    if (last !== undefined && last.firstAcceptedAtMs === null) this.replaceLast({ ...last, firstAcceptedAtMs: nowMs })
  }

  tick(nowMs: number): void {
    const { current } = this
    if (current !== undefined && nowMs - current.lastSentAtMs > GAP_MS)
      this.replaceLast({ ...current, endedAtMs: current.lastSentAtMs })
  }

  private replaceLast(episode: Episode): void {
    this.list[this.list.length - 1] = episode
  }
}
