import type { BucketCounts } from '../observe/histogram'
import { DurationHistogram, type Percentiles } from '../observe/histogram'

/** Delays in ms of so many events; `overTarget`: the share of them that took longer than the target, 0 to 1. */
export interface DelaySummary extends Percentiles {
  readonly events: number
  readonly overTarget: number
}

/** Events of one arrival within an envelope. */
interface Part {
  readonly sinceMs: number
  readonly isScheduled: boolean
  events: number
}

interface Arrival {
  readonly endOffset: number
  /** From when their delay counts, and whether the client said so. */
  readonly sinceMs: number
  readonly isScheduled: boolean
  readonly arrivedMs: number
}

/**
 * Processing delay: from the scheduled send, refusals and retries included, until the events are folded here or their
 * head is seen; from the arrival where the client states none. Knows the times of each offset until its envelope is
 * counted.
 */
export class Arrivals {
  private readonly uncut: Arrival[] = []
  private readonly cut = new Map<number, Part[]>()
  private readonly all: Delays
  private readonly scheduled: Delays
  private acceptedTo = 0

  constructor(latencyTargetMs: number) {
    this.all = new Delays(latencyTargetMs)
    this.scheduled = new Delays(latencyTargetMs)
  }

  /**
   * Events up to `endOffset` (exclusive) came with one request that arrived, and was scheduled where the client said
   * so. Times are epoch ms.
   */
  accepted(endOffset: number, arrivedMs: number, scheduledAtMs: number | null): void {
    if (endOffset === this.acceptedTo) return // nothing of it was accepted, so no cut would ever take it away
    this.acceptedTo = endOffset
    const isScheduled = scheduledAtMs !== null
    this.uncut.push({ endOffset, sinceMs: scheduledAtMs ?? arrivedMs, isScheduled, arrivedMs })
  }

  /**
   * Events `[firstOffset, firstOffset + count)` became an envelope; cuts come in order. Returns when the first of them
   * arrived; null: before the start.
   */
  cutEnvelope(number: number, firstOffset: number, count: number): number | null {
    const parts: Part[] = []
    const first = this.uncut[0]?.arrivedMs ?? null
    const end = firstOffset + count
    for (let from = firstOffset; from < end; ) {
      const arrival = this.uncut[0]
      if (arrival === undefined) break
      const to = Math.min(end, arrival.endOffset)
      if (to > from) addPart(parts, arrival, to - from)
      if (to === arrival.endOffset) this.uncut.shift()
      from = to
    }
    if (parts.length > 0) this.cut.set(number, parts)
    return parts.length > 0 ? first : null
  }

  /** The envelope was counted, at the edge or in the burst. */
  counted(number: number, nowMs: number): void {
    for (const { sinceMs, isScheduled, events } of this.cut.get(number) ?? []) {
      this.all.record(nowMs - sinceMs, events)
      if (isScheduled) this.scheduled.record(nowMs - sinceMs, events)
    }
    this.cut.delete(number)
  }

  /** Of the clients that state a schedule as soon as there are any: of them, all of the delay is known. */
  delays(): DelaySummary {
    return (this.scheduled.count > 0 ? this.scheduled : this.all).summary()
  }

  /** How many events of all clients were counted, and how many of them took longer than the target. */
  get done(): { readonly events: number; readonly overTarget: number } {
    return { events: this.all.count, overTarget: this.all.over }
  }

  /** Of all clients. */
  bucketCounts(): BucketCounts {
    return this.all.histogram.bucketCounts()
  }
}

/** Delays, and how many of them were longer than the target. */
class Delays {
  readonly histogram = new DurationHistogram()
  count = 0
  over = 0

  constructor(private readonly targetMs: number) {}

  record(delayMs: number, events: number): void {
    this.histogram.record(delayMs, events)
    this.count += events
    if (delayMs > this.targetMs) this.over += events
  }

  summary(): DelaySummary {
    const { count, over } = this
    return { ...this.histogram.percentiles(), events: count, overTarget: count > 0 ? over / count : 0 }
  }
}

/** Small requests come many to the millisecond: those are recorded as one. */
function addPart(parts: Part[], { sinceMs, isScheduled }: Arrival, events: number): void {
  const last = parts.at(-1)
  if (last?.sinceMs === sinceMs && last.isScheduled === isScheduled) last.events += events
  else parts.push({ sinceMs, isScheduled, events })
}
