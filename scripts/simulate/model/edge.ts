import type { Agenda } from './agenda'
import { Fifo, type Piece, split } from './fifo'
import type { Intake } from './intake'

/** How many base machines there are, and how long there have been so many. */
export class Machines {
  private machineMs = 0
  private sinceMs = 0

  /** `onAdded` hears when more of them are at work. */
  constructor(
    private readonly edge: Edge,
    private readonly intake: Pick<Intake, 'traceMs'>,
    private readonly restartMs: number,
    private readonly onAdded: (atMs: number) => void,
  ) {}

  become(machines: number): void {
    if (machines === this.edge.machines) return
    this.machineMs = this.until(this.intake.traceMs)
    this.sinceMs = this.intake.traceMs
    if (machines > this.edge.machines) this.onAdded(this.intake.traceMs + this.restartMs)
    this.edge.rescale(machines, this.restartMs)
  }

  /** Machine time up to `traceMs`. */
  until(traceMs: number): number {
    return this.machineMs + Math.max(0, traceMs - this.sinceMs) * this.edge.machines
  }
}

/** How pieces were folded: when the first and when the last of its events counted. */
export type OnFolded = (piece: Piece, firstCountedMs: number, lastCountedMs: number) => void

/** A piece that a worker has begun. */
interface Running {
  readonly piece: Piece
  readonly startedMs: number
  /** Events that are not folded yet, with a fraction. */
  left: number
}

/**
 * The base machines: one queue, and workers that share the capacity of all of them evenly. So the last of what is being
 * folded is done no sooner than what came behind it lets it. That machines have queues of their own is left out.
 */
export class Edge {
  machines = 1
  private entered = 0
  private ended = 0
  private endedByOne = 0
  private readonly queue = new Fifo<Piece>()
  /** Back from the cloud, or begun: these go first. */
  private readonly returned: Piece[] = []
  private running: Running[] = []
  private advancedMs = 0
  private busyTotalMs = 0
  private pausedUntilMs = 0
  /** Counts changes of what runs: an end that was foreseen before one is void. */
  private change = 0

  constructor(
    private readonly agenda: Agenda,
    private readonly perMachine: number,
    private readonly workers: number,
    private readonly onFolded: OnFolded,
  ) {}

  get busyMs(): number {
    return this.busyTotalMs + (this.running.length === 0 ? 0 : this.agenda.nowMs - this.advancedMs)
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
    this.advance()
    const begun = this.running
    this.running = []
    this.change += 1
    const rests = begun.flatMap((running) => this.putBack(running))
    this.returned.unshift(...rests)
    this.machines = machines
    this.pausedUntilMs = this.agenda.nowMs + pauseMs
    this.agenda.at(this.pausedUntilMs, () => this.next())
  }

  /** Counts what is folded of a piece, and returns the rest where there is one. */
  private putBack({ piece, left, startedMs }: Running): Piece[] {
    const [first, rest] = split(piece, folded(piece, left))
    if (first.events > 0) this.counted(first, startedMs)
    return rest.events > 0 ? [rest] : []
  }

  private get perMs(): number {
    return (this.perMachine * this.machines) / 1000
  }

  private get inProgress(): number {
    const doneOfEach = this.doneOfEach
    return this.running.reduce((sum, { piece, left }) => sum + folded(piece, left - doneOfEach), 0)
  }

  /** Events that each worker has folded since the last advance. */
  private get doneOfEach(): number {
    return this.running.length === 0 ? 0 : ((this.agenda.nowMs - this.advancedMs) * this.perMs) / this.running.length
  }

  private advance(): void {
    const { running, doneOfEach } = this
    if (running.length > 0) this.busyTotalMs += this.agenda.nowMs - this.advancedMs
    for (const each of running) each.left -= doneOfEach
    this.advancedMs = this.agenda.nowMs
  }

  private next(): void {
    if (this.running.length >= this.workers || this.agenda.nowMs < this.pausedUntilMs) return
    const piece = this.returned.shift() ?? this.queue.shift()
    if (piece === undefined) return
    this.advance()
    this.running.push({ piece, startedMs: this.agenda.nowMs, left: piece.events })
    this.foresee()
    this.next()
  }

  /** Enters the end of the piece that will be done first. */
  private foresee(): void {
    const change = ++this.change
    const [first] = [...this.running].sort((one, other) => one.left - other.left)
    if (first === undefined) return
    this.agenda.after((Math.max(0, first.left) * this.running.length) / this.perMs, () => {
      if (change === this.change) this.end(first)
    })
  }

  private end(done: Running): void {
    this.advance()
    this.running = this.running.filter((each) => each !== done)
    this.counted(done.piece, done.startedMs)
    this.foresee()
    this.next()
  }

  private counted(piece: Piece, startedMs: number): void {
    const { nowMs } = this.agenda
    this.ended += piece.events
    this.endedByOne += piece.events / this.machines
    this.onFolded(piece, piece.isFluid ? startedMs : nowMs, nowMs)
  }
}

/** Whole events of a piece that are folded when so many are left. */
const folded = ({ events }: Piece, left: number) => Math.max(0, Math.min(events, Math.floor(events - left + 1e-6)))
