import type { Assumptions } from '../settings'
import type { Agenda } from './agenda'
import { Fifo, type Piece } from './fifo'
import type { Functions } from './functions'
import type { WayHooks } from './stream'

/** The way to the functions by calling them, at most `maxCalls` side by side; the others wait at the edge. */
export class Invoker {
  private readonly queue = new Fifo<Piece>()
  private calls = 0

  constructor(
    private readonly agenda: Agenda,
    private readonly given: Assumptions,
    private readonly functions: Functions,
    private readonly maxCalls: number,
    private readonly hooks: WayHooks,
  ) {}

  send(piece: Piece): void {
    this.queue.push(piece)
    this.next()
  }

  private next(): void {
    if (this.calls >= this.maxCalls) return
    const piece = this.queue.shift()
    if (piece === undefined) return
    this.calls += 1
    this.hooks.accepted(piece)
    this.functions.acquire(() => this.work(piece))
  }

  private work(piece: Piece): void {
    const { invokeMs, writeMs, laneRate } = this.given
    const workMs = (piece.events / laneRate) * 1000 + writeMs
    this.agenda.after(invokeMs + workMs, () => {
      this.functions.release(workMs)
      this.calls -= 1
      this.hooks.headWritten(piece)
      this.next()
    })
  }
}
