/** Lines on their way to a file. What comes while others are being written goes together in the next write. */
export class LineQueue {
  private readonly waiting: string[] = []
  private writing: Promise<void> = Promise.resolve()

  /** `write` is called for one batch at a time, and again with the same lines first after it rejected. */
  constructor(private readonly write: (lines: readonly string[]) => Promise<void>) {}

  push(line: string): void {
    this.waiting.push(line)
  }

  /** Resolves when all that was pushed is written. After it rejected, as `write` did, the next one tries again. */
  flush(): Promise<void> {
    const flushed = this.writing.then(() => this.writeWaiting())
    this.writing = flushed.catch(() => undefined)
    return flushed
  }

  private async writeWaiting(): Promise<void> {
    const count = this.waiting.length
    if (count === 0) return
    await this.write(this.waiting.slice(0, count))
    this.waiting.splice(0, count)
  }
}
