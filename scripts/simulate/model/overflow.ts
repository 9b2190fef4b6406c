import { gbSeconds, type Usage } from '../../../core/control/cost'
import type { Draw } from '../../load/events/random'
import { type Assumptions, type Cloud, lanesOf, NODE } from '../settings'
import type { Agenda } from './agenda'
import type { Piece } from './fifo'
import { Functions } from './functions'
import { Invoker } from './invoker'
import { BASE64, bytesFor, readUnitsFor, writeUnitsFor } from './item-sizes'
import { Merges } from './merges'
import { Stream, type WayHooks } from './stream'

const MAX_HEADS = 300 // asked for in one round, as in edge-node/burst/head-watcher.ts

/** What the edge hears of the cloud. */
export interface OverflowHooks {
  readonly accepted: (piece: Piece) => void
  readonly counted: (piece: Piece) => void
  readonly returned: (piece: Piece) => void
}

/** The cloud half: the way there, the functions, and the edge's look for heads. Measures what AWS would bill. */
export class Overflow {
  inFlight = 0
  inFlightEvents = 0
  sentEvents = 0
  readonly functions: Functions
  private readonly stream: Stream | null
  private readonly way: { send(piece: Piece): void }
  private readonly sentMs = new Map<number, number>()
  readonly merges: Merges
  private readUnits = 0
  private writeUnits = 0
  private bytesOut = 0

  constructor(
    private readonly agenda: Agenda,
    private readonly given: Assumptions,
    private readonly cloud: Cloud,
    draw: Draw,
    private readonly hooks: OverflowHooks,
    clockMs: () => number,
    edgeEvents: () => number,
  ) {
    const lanes = lanesOf(cloud)
    this.merges = new Merges(given, clockMs, edgeEvents)
    this.functions = new Functions(agenda, given, NODE.keepWarmEveryMs > 0, lanes, clockMs)
    const way: WayHooks = {
      accepted: hooks.accepted,
      headWritten: (piece) => this.headWritten(piece),
      failed: (piece) => this.takenBack(piece),
    }
    this.stream =
      cloud.transport === 'kinesis' ? new Stream(agenda, given, cloud, this.functions, draw, way, clockMs) : null
    this.way = this.stream ?? new Invoker(agenda, given, this.functions, lanes, way)
  }

  get throttled(): number {
    return this.stream?.throttled ?? 0
  }

  send(piece: Piece): void {
    this.inFlight += 1
    this.inFlightEvents += piece.events
    this.sentEvents += piece.events
    this.sentMs.set(piece.number, this.agenda.nowMs)
    this.way.send(piece)
    this.agenda.after(NODE.reclaimAfterMs, () => {
      if (this.sentMs.has(piece.number)) this.takenBack(piece)
    })
  }

  used(): Usage {
    const { mergeMs, memoryMb } = this.given
    const { functions, stream } = this
    const merges = this.merges.used
    return {
      kinesisRecords: stream?.records ?? 0,
      kinesisBytes: stream?.bytes ?? 0,
      kinesisPutUnits: stream?.putUnits ?? 0,
      kinesisPushedBytes: this.cloud.consumer === 'fan-out' ? (stream?.bytes ?? 0) : 0,
      lambdaInvocations: functions.invocations + merges.calls,
      lambdaGbSeconds: gbSeconds(functions.billedMs + merges.calls * mergeMs, memoryMb),
      lambdaInitGbSeconds: gbSeconds(functions.initMs, memoryMb),
      readUnits: this.readUnits + merges.readUnits,
      writeUnits: this.writeUnits + merges.writeUnits,
      bytesOut: this.bytesOut + merges.bytesOut,
    }
  }

  private headWritten(piece: Piece): void {
    this.functions.worked()
    this.writeUnits += writeUnitsFor(this.headBytes(piece))
    if (!this.sentMs.has(piece.number)) return // it was taken back: an orphan
    const { nowMs } = this.agenda
    const seenMs = this.cloud.transport === 'invoke' ? nowMs : this.nextRoundMs(piece)
    this.agenda.at(seenMs + this.given.headReadMs, () => this.seen(piece))
  }

  private headBytes({ events }: Piece): number {
    return bytesFor(this.given.partialBytes, events)
  }

  /** The next look for heads that this one is among. */
  private nextRoundMs({ number }: Piece): number {
    const rounds = Math.ceil(this.inFlight / MAX_HEADS)
    const next = Math.ceil(this.agenda.nowMs / this.roundMs)
    return (next + (number % Math.max(1, rounds))) * this.roundMs
  }

  private get roundMs(): number {
    return NODE.headPollMs + this.given.headReadMs
  }

  private seen(piece: Piece): void {
    const sentMs = this.sentMs.get(piece.number)
    if (sentMs === undefined) return
    const inVain = this.cloud.transport === 'invoke' ? 0 : Math.floor((this.agenda.nowMs - sentMs) / this.roundMs)
    this.readUnits += inVain + 2 * readUnitsFor(this.headBytes(piece)) // by the edge, and again by the merge
    this.bytesOut += this.headBytes(piece) * BASE64
    this.merges.burst()
    this.stream?.finished(piece)
    this.left(piece, this.hooks.counted)
  }

  private takenBack(piece: Piece): void {
    this.stream?.takenBack(piece)
    this.left(piece, this.hooks.returned)
  }

  private left(piece: Piece, then: (piece: Piece) => void): void {
    if (!this.sentMs.delete(piece.number)) return
    this.inFlight -= 1
    this.inFlightEvents -= piece.events
    then(piece)
  }
}
