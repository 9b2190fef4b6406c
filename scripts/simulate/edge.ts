import type { Agenda } from './agenda'
import { Fifo } from './fifo'
import { type Piece, split } from './piece'

/** How pieces were folded: when the first and when the last of its events counted. */
export type OnFolded = (piece: Piece, firstCountedMs: number, lastCountedMs: number) => void

/**
 * The base machines: one queue, and a server of the capacity of all of them. That two workers share a machine and that
 * machines have queues of their own is left out.
 */
export class Edge {
  machines = 1
  private entered = 0
  private ended = 0
  private endedByOne = 0
  private readonly queue = new Fifo<Piece>()
  /** Back from the cloud, or begun: these go first. */
  private readonly returned: Piece[] = []
  private running: Piece | undefined
  private startedMs = 0
  private busyTotalMs = 0
  private pausedUntilMs = 0
  /** Counts starts: an end that belongs to an earlier one is void. */
  private start = 0

  constructor(
    private readonly agenda: Agenda,
    private readonly perMachine: number,
    private readonly onFolded: OnFolded,
  ) {}

  get busyMs(): number {
    return this.busyTotalMs + (this.running === undefined ? 0 : this.agenda.nowMs - this.startedMs)
  }

  /** Events folded so far, those of envelopes in progress included. */
  get folded(): number {
    return this.ended + this.inProgress
  }

  /** Events that each single machine folded. */
  get foldedByOne(): number {
    return this.endedByOne + this.inProgress / this.machines
  }

  /** Events entered and not yet folded. */
  get waiting(): number {
    return this.entered - this.folded
  }

  /** Whether anything waits behind what is being folded. */
  get isWaiting(): boolean {
    return this.queue.length + this.returned.length > 0
  }

  /** The piece that would wait longest; undefined when none waits or all of them were in the cloud before. */
  get last(): Piece | undefined {
    return this.queue.last
  }

  enqueue(piece: Piece): void {
    this.queue.push(piece)
    this.entered += piece.events
    this.next()
  }

  /** Takes up what came back from the cloud. */
  enqueueFirst(piece: Piece): void {
    this.returned.push(piece)
    this.entered += piece.events
    this.next()
  }

  takeLast(): Piece | undefined {
    const piece = this.queue.pop()
    if (piece !== undefined) this.entered -= piece.events
    return piece
  }

  /**
   * Goes on with another number of machines, after a pause. What is being folded is put back, but for the part that is
   * done.
   */
  rescale(machines: number, pauseMs: number): void {
    const { running } = this
    if (running !== undefined) {
      const done = this.inProgress
      const [first, rest] = split(running, done)
      this.start += 1
      this.idle()
      if (done > 0) this.counted(first)
      if (rest.events > 0) this.returned.unshift(rest)
    }
    this.machines = machines
    this.pausedUntilMs = this.agenda.nowMs + pauseMs
    this.agenda.at(this.pausedUntilMs, () => this.next())
  }

  private get perMs(): number {
    return (this.perMachine * this.machines) / 1000
  }

  private get inProgress(): number {
    if (this.running === undefined) return 0
    return Math.min(this.running.events, Math.floor((this.agenda.nowMs - this.startedMs) * this.perMs + 1e-6))
  }

  private next(): void {
    if (this.running !== undefined || this.agenda.nowMs < this.pausedUntilMs) return
    const piece = this.returned.shift() ?? this.queue.shift()
    if (piece === undefined) return
    this.running = piece
    this.startedMs = this.agenda.nowMs
    const start = ++this.start
    this.agenda.after(piece.events / this.perMs, () => {
      if (start === this.start) this.end(piece)
    })
  }

  private end(piece: Piece): void {
    this.idle()
    this.counted(piece)
    this.next()
  }

  private idle(): void {
    this.running = undefined
    this.busyTotalMs += this.agenda.nowMs - this.startedMs
  }

  private counted(piece: Piece): void {
    const { nowMs } = this.agenda
    this.ended += piece.events
    this.endedByOne += piece.events / this.machines
    this.onFolded(piece, piece.isFluid ? this.startedMs : nowMs, nowMs)
  }
}
