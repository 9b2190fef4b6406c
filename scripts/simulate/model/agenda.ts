interface Entry {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

/**
 * What is to happen and when: a binary heap by time; of things at the same time, what was entered first comes first.
 */
export class Agenda {
  nowMs = 0
  private readonly heap: Entry[] = []
  private entered = 0

  /** Calls `fire` at `atMs`, or now if that is past. */
  at(atMs: number, fire: () => void): void {
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.entered++, fire }
    const { heap } = this
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(heap[parent]!, entry)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = entry
  }

  after(delayMs: number, fire: () => void): void {
    this.at(this.nowMs + delayMs, fire)
  }

  /** Lets the next thing happen; false when there is none. */
  step(): boolean {
    const next = this.take()
    if (next === undefined) return false
    this.nowMs = next.atMs
    next.fire()
    return true
  }

  private take(): Entry | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    this.sink(last)
    return first
  }

  private sink(entry: Entry): void {
    const { heap } = this
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (isBefore(entry, heap[child]!)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = entry
  }
}

const isBefore = (a: Entry, b: Entry) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
