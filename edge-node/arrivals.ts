import { DurationHistogram, type Percentiles } from './histogram'

interface Arrival {
  readonly endOffset: number
  /** When the client meant to send them; null when it did not say. */
  readonly scheduledAtMs: number | null
}

/**
 * Processing delay: from the scheduled send, refusals and retries included, until the events are folded here or their head is
 * seen. Knows when each offset was scheduled until its envelope is counted. Only clients that state their schedule are measured.
 */
export class Arrivals {
  private readonly uncut: Arrival[] = []
  private readonly cut = new Map<number, (readonly [scheduledAtMs: number, events: number])[]>()
  private readonly delays = new DurationHistogram()
  private acceptedTo = 0

  /** Events up to `endOffset` (exclusive) came with one request. */
  accepted(endOffset: number, scheduledAtMs: number | null): void {
    if (endOffset === this.acceptedTo) return // nothing of it was accepted, so no cut would ever take it away
    this.acceptedTo = endOffset
    this.uncut.push({ endOffset, scheduledAtMs })
  }

  /** Events `[firstOffset, firstOffset + count)` became an envelope; cuts come in order. */
  cutEnvelope(number: number, firstOffset: number, count: number): void {
    const parts: (readonly [number, number])[] = []
    const end = firstOffset + count
    for (let from = firstOffset; from < end; ) {
      const arrival = this.uncut[0]
      if (arrival === undefined) break
      const to = Math.min(end, arrival.endOffset)
      if (arrival.scheduledAtMs !== null && to > from) parts.push([arrival.scheduledAtMs, to - from])
      if (to === arrival.endOffset) this.uncut.shift()
      from = to
    }
    if (parts.length > 0) this.cut.set(number, parts)
  }

  /** The envelope was counted, at the edge or in the burst. */
  counted(number: number, nowMs: number): void {
    for (const [scheduledAtMs, events] of this.cut.get(number) ?? []) this.delays.record(nowMs - scheduledAtMs, events)
    this.cut.delete(number)
  }

  percentiles(): Percentiles {
    return this.delays.percentiles()
  }
}
