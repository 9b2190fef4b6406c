const SWEEP = 1_024 // taken places are given back when so many have gathered at the front

/** A queue that is long at times: both ends are cheap. */
export class Fifo<T> {
  private items: T[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  get last(): T | undefined {
    return this.length > 0 ? this.items[this.items.length - 1] : undefined
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.items[this.head++]
    if (this.head >= SWEEP && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  pop(): T | undefined {
    return this.length > 0 ? this.items.pop() : undefined
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.head; index < this.items.length; index++) yield this.items[index]!
  }
}

/** A run of events that goes one way together; their scheduled times lie evenly between `firstMs` and `lastMs`. */
export interface Piece {
  readonly number: number
  readonly events: number
  readonly firstMs: number
  readonly lastMs: number
  /** So many envelopes that they count one after the other, not all at the end. */
  readonly isFluid: boolean
}

/** The first `events` of a piece, and the others. */
export function split(piece: Piece, events: number): readonly [Piece, Piece] {
  const atMs = piece.firstMs + ((piece.lastMs - piece.firstMs) * events) / piece.events
  return [
    { ...piece, events, lastMs: atMs },
    { ...piece, events: piece.events - events, firstMs: atMs },
  ]
}
