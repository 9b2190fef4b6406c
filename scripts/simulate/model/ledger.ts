import type { Overload } from '../scenario'
import { Delays } from './delays'
import type { Piece } from './fifo'

const FLAP_MS = 10_000 // modes that change more often than once in this time flap

type Before = Pick<Ledger, 'edge' | 'burst' | 'changes' | 'flaps' | 'delays'>

/** What happened to the events of a run, and when its policy changed its mind. Times are of the trace. */
export class Ledger {
  edge = 0
  burst = 0
  changes = 0
  flaps = 0
  readonly delays: Delays
  readonly reactionsMs: number[] = []
  private changedMs = Number.NEGATIVE_INFINITY
  private nextOverload = 0

  constructor(
    latencyTargetMs: number,
    private readonly overloads: readonly Overload[],
  ) {
    this.delays = new Delays(latencyTargetMs)
  }

  get counted(): number {
    return this.edge + this.burst
  }

  countEdge(piece: Piece, firstMs: number, lastMs: number): void {
    this.edge += piece.events
    this.delays.add(piece.events, firstMs - piece.firstMs, lastMs - piece.lastMs)
  }

  countBurst(piece: Piece, nowMs: number): void {
    this.burst += piece.events
    this.delays.add(piece.events, nowMs - piece.firstMs, nowMs - piece.lastMs)
  }

  changed(nowMs: number): void {
    this.changes += 1
    if (nowMs - this.changedMs < FLAP_MS) this.flaps += 1
    this.changedMs = nowMs
  }

  /** Counts more events as those since `before`, which came `periods` times more; returns how many of them burst. */
  repeat(before: Before, events: number, periods: number): number {
    const edge = this.edge - before.edge
    const burst = this.burst - before.burst
    const burstMore = edge + burst === 0 ? 0 : Math.round((events * burst) / (edge + burst))
    if (edge + burst > 0) this.delays.repeat(before.delays, events / (edge + burst))
    this.edge += events - burstMore
    this.burst += burstMore
    this.changes += (this.changes - before.changes) * periods
    this.flaps += (this.flaps - before.flaps) * periods
    return burstMore
  }

  /** Capacity was added: the cloud took an envelope, or machines began to work. */
  reacted(nowMs: number): void {
    const { overloads } = this
    while (this.nextOverload < overloads.length && overloads[this.nextOverload]!.endMs < nowMs) this.nextOverload += 1
    const overload = overloads[this.nextOverload]
    if (overload === undefined || overload.startMs > nowMs) return
    this.reactionsMs.push(nowMs - overload.startMs)
    this.nextOverload += 1
  }
}
