import type { FeedEvents } from '../observe/feed'

/** What a reader is written to: the socket's side of a response. */
export interface Outlet {
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
  end(): unknown
}

/**
 * One reader of the live feed. Every event says how things are now, so a slow reader gets the newest of each name once
 * it has room, and nothing queues up for it.
 */
export class LiveReader {
  private readonly waiting = new Map<keyof FeedEvents, string>()
  private isFull = false

  constructor(private readonly outlet: Outlet) {}

  send(name: keyof FeedEvents, json: string): void {
    if (this.isFull) this.waiting.set(name, json)
    else this.write(`event: ${name}\ndata: ${json}\n\n`)
  }

  end(): void {
    this.outlet.end()
  }

  private write(text: string): void {
    if (this.outlet.write(text)) return
    this.isFull = true
    this.outlet.once('drain', () => this.drained())
  }

  private drained(): void {
    this.isFull = false
    for (const [name, json] of [...this.waiting]) {
      if (this.isFull) return
      this.waiting.delete(name)
      this.send(name, json)
    }
  }
}
