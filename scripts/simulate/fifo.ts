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
