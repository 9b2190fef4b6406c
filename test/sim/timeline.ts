import type { LogRecord } from '../../core/protocol/log-record'
import { EPOCH_MS } from './workload'

interface Entry {
  readonly atMs: number
  /** Order among entries of one moment. */
  readonly sequence: number
  readonly fire: () => void
}

/** Virtual time: a queue of what happens when. After each entry everything runs that waits for no other entry. */
export class Timeline {
  nowMs = 0
  /** Entries fired so far. */
  steps = 0
  private readonly heap: Entry[] = []
  private sequence = 0

  after(delayMs: number, fire: () => void): void {
    this.push({ atMs: this.nowMs + Math.max(0, Math.round(delayMs)), sequence: this.sequence++, fire })
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /**
   * Fires entries in order until `isDone` says so after one of them, or none is left. Rejects with what an entry
   * throws.
   */
  async run(isDone: () => boolean): Promise<void> {
    for (let entry = this.pop(); entry !== undefined; entry = this.pop()) {
      this.nowMs = entry.atMs
      this.steps += 1
      entry.fire()
      await settled()
      if (isDone()) return
    }
  }

  private push(entry: Entry): void {
    const { heap } = this
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  private pop(): Entry | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

const isBefore = (a: Entry, b: Entry) => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

/** Every promise that can has gone on: nothing in the world does real input or output. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What happened, for people; kept only where somebody will read it. */
export class Trace {
  readonly lines: string[] = []

  constructor(
    private readonly timeline: Timeline,
    private readonly isKept: boolean,
  ) {}

  note(who: string, what: () => string): void {
    if (this.isKept) this.lines.push(`${String(this.timeline.nowMs).padStart(7)} ms  ${who.padEnd(10)} ${what()}`)
  }
}

/** A record of the log in a few words. */
export function describeRecord(record: LogRecord): string {
  switch (record.type) {
    case 'request':
      return `request ${record.key}: ${record.lines.length} events from offset ${record.firstOffset}`
    case 'cut':
      return `cut ${record.header.number}: ${record.header.count} events from offset ${record.header.firstOffset}`
    case 'closing':
      return `closing to ${record.horizonMs - EPOCH_MS}`
    case 'final':
      return `final ${record.number} of the window to ${record.endMs - EPOCH_MS}`
    default:
      return record.type
  }
}
