import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Requests } from './requests'

const RETRY_MS = 5 // after a 429: the queue is a few milliseconds shorter then

/** What came of sending: requests that were taken, those that were refused for load, and the times of the first. */
export interface Sent {
  readonly taken: number
  readonly refused: number
  readonly ackMs: readonly number[]
}

/**
 * Sends requests one after the other on each of some connections, as fast as they are answered. A client of a library
 * would cost more than what is measured, so this one writes bytes and reads no more of an answer than its status.
 */
export class Sender {
  private taken = 0
  private refused = 0
  private ackMs: number[] = []
  private stopping = false
  private readonly all: Promise<unknown>

  constructor(
    private readonly url: URL,
    private readonly requests: Requests,
    connections: number,
  ) {
    this.all = Promise.all(Array.from({ length: connections }, () => this.sendOn()))
    this.all.catch(() => undefined) // heard of when it is stopped
  }

  /** What was sent since this was asked last. */
  read(): Sent {
    const sent = { taken: this.taken, refused: this.refused, ackMs: this.ackMs }
    this.taken = this.refused = 0
    this.ackMs = []
    return sent
  }

  /** Resolves when every request was answered. Rejects when an answer was neither 2xx nor 429. */
  async stop(): Promise<void> {
    this.stopping = true
    await this.all
  }

  private async sendOn(): Promise<void> {
    const socket = connect(Number(this.url.port), this.url.hostname)
    socket.setNoDelay(true)
    await once(socket, 'connect')
    const answers = new Answers(socket)
    while (!this.stopping) {
      const sentMs = performance.now()
      socket.write(this.requests.take(Date.now()))
      const status = await answers.next()
      if (status === 429) {
        this.refused += 1
        await sleep(RETRY_MS)
      } else if (status >= 200 && status < 300) {
        this.taken += 1
        this.ackMs.push(performance.now() - sentMs)
      } else throw new Error(`a request was answered with ${status}: ${answers.lastText}`)
    }
    socket.destroy()
  }
}

/** Reads answers off a connection, one at a time. Each has a content-length. */
class Answers {
  lastText = ''
  private received: Buffer = Buffer.alloc(0)
  private waiting: { readonly resolve: (status: number) => void; readonly reject: (error: Error) => void } | null = null

  constructor(socket: Socket) {
    socket.on('data', (data) => this.take(data))
    socket.on('close', () => this.waiting?.reject(new Error('the connection was closed')))
    socket.on('error', (error) => this.waiting?.reject(error))
  }

  next(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  private take(data: Buffer): void {
    this.received = this.received.length === 0 ? data : Buffer.concat([this.received, data])
    const headEnd = this.received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.received.toString('latin1', 0, headEnd)
    const bytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.received.length < headEnd + 4 + bytes) return
    this.lastText = this.received.toString('utf8', headEnd + 4)
    this.received = Buffer.alloc(0)
    this.waiting?.resolve(Number(head.slice(9, 12)))
  }
}
