/** What was folded since the start; cumulative, but for `waiting`. */
export interface WorkCounters {
  /** Events that are done with: folded, dead-lettered or skipped. */
  readonly folded: number
  /** Time with at least one fold in progress. */
  readonly busyMs: number
  /** Work is queued behind the running folds now. */
  readonly waiting: boolean
  /** The part of `busyMs` in which folding held the thread: then there is room for nothing else. */
  readonly heldMs?: number
  /** Whether folding waits for something; then its cost is time and not the thread. Unknown: it does. */
  readonly waits?: boolean
}

/** Busy time up to a reading at which events had ended. */
interface Stretch {
  events: number
  busyMs: number
  /** The part of it in which the edge could do no more than it did. */
  fullMs: number
  /** How many events ended at once after a silence: slots that wait for one service end together. */
  together: number
}

// of busy time: long enough to ignore a pause of the machine, short enough to know a new cost after half a second
const SPAN_MS = 350
const GRAIN_MS = 15 // shorter stretches are joined, so that there are at most some twenty
const MIN_BUSY_MS = 10 // less says nothing: the first events run cold
const FULL_SHARE = 0.8
const SLOW_MS = 10_000 // of busy time, for what may be but a lack of work

/**
 * The true rate after DS2 (Kalavri et al., OSDI '18): events per second of busy time. So it is right while idle too.
 * The workers of a process share its thread, so a moment is busy when any of them is. A measurement of an edge that
 * could do no more replaces the rate. A measurement of an edge with room for more (a lone event on several slots) shows
 * only the least that it can do: it raises the rate at once, and lowers it slowly.
 */
export class TrueRate {
  private readonly stretches: Stretch[] = []
  private last: WorkCounters | undefined
  private silence: Stretch = quiet()
  private ratePerSecond = 0

  /** Takes a reading and returns the rate in events per second; 0 before anything was folded. */
  read(counters: WorkCounters): number {
    const { last = counters } = this
    this.last = counters
    const busyMs = Math.max(0, counters.busyMs - last.busyMs)
    this.silence.busyMs += busyMs
    if (isFull(last, counters)) this.silence.fullMs += busyMs
    const events = counters.folded - last.folded
    if (events > 0) this.ended(events)
    else if (busyMs > 0) this.silence.together = Number.POSITIVE_INFINITY
    return events > 0 ? this.ratePerSecond : this.stalled(counters.waiting)
  }

  private ended(events: number): void {
    const stretch = { ...this.silence, events, together: Math.min(this.silence.together, events) }
    this.silence = quiet()
    this.append(stretch)
    const recent = this.recent(0)
    if (recent.busyMs < MIN_BUSY_MS) return
    const measured = (recent.events / recent.busyMs) * 1000
    const replaces = measured > this.ratePerSecond || (wasFull(stretch) && wasFull(recent))
    this.ratePerSecond = replaces ? measured : this.slowly(measured, stretch.busyMs)
  }

  private append(stretch: Stretch): void {
    const before = this.stretches.at(-1)
    if (before === undefined || before.busyMs >= GRAIN_MS) this.stretches.push(stretch)
    else {
      before.events += stretch.events
      before.busyMs += stretch.busyMs
      before.fullMs += stretch.fullMs
      before.together = Math.max(before.together, stretch.together)
    }
    let busyMs = this.stretches.reduce((sum, each) => sum + each.busyMs, 0)
    while (busyMs - this.stretches[0]!.busyMs >= SPAN_MS) busyMs -= this.stretches.shift()!.busyMs
  }

  /**
   * The rate while busy time passes and no event ends. After the span it is at most the last events that ended, over
   * all of that time.
   */
  private stalled(waiting: boolean): number {
    const { busyMs } = this.silence
    if (this.ratePerSecond === 0 || busyMs === 0) return this.ratePerSecond
    const recent = this.recent(busyMs)
    const together = this.stretches.reduce((most, each) => Math.max(most, each.together), 1)
    const atMost = Math.max(together / busyMs, recent.events / recent.busyMs) * 1000
    if (atMost >= this.ratePerSecond) return this.ratePerSecond
    return waiting ? atMost : this.slowly(atMost, busyMs)
  }

  private slowly(towards: number, busyMs: number): number {
    return this.ratePerSecond + (towards - this.ratePerSecond) * Math.min(1, busyMs / SLOW_MS)
  }

  /** What happened within the span, of which `silentMs` have passed since. */
  private recent(silentMs: number) {
    const sum = { events: 0, busyMs: silentMs, fullMs: 0 }
    for (let each = this.stretches.length - 1; each >= 0 && sum.busyMs < SPAN_MS; each--) {
      const { events, busyMs, fullMs } = this.stretches[each]!
      sum.events += events
      sum.busyMs += busyMs
      sum.fullMs += fullMs
    }
    return sum
  }
}

const quiet = (): Stretch => ({ events: 0, busyMs: 0, fullMs: 0, together: 1 })

const wasFull = ({ busyMs, fullMs }: Pick<Stretch, 'busyMs' | 'fullMs'>) => fullMs >= busyMs * FULL_SHARE

function isFull(before: WorkCounters, now: WorkCounters): boolean {
  const heldMs = (now.heldMs ?? 0) - (before.heldMs ?? 0)
  return (before.waiting && now.waiting) || heldMs * 2 > now.busyMs - before.busyMs
}
