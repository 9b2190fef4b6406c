/** The account's cap on invocations at work at the same time, over all functions. */
export class Concurrency {
  readonly limit: number
  #active = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Takes a place; false when none is free. */
  tryEnter(): boolean {
    if (this.#active >= this.limit) return false
    this.#active += 1
    return true
  }

  leave(): void {
    this.#active -= 1
  }
}
