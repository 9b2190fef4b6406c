import { putUnitsOf } from '../../../core/control/cost'
import { LaneKeys } from '../../../core/control/lane-keys'
import type { Draw } from '../../load/events/random'
import type { Assumptions, Cloud } from '../settings'
import type { Agenda } from './agenda'
import type { Piece } from './fifo'
import type { Functions } from './functions'
import { Shard, type StreamRecord } from './shard'

const ON_DEMAND_SHARDS = 4 // what a new on-demand stream takes: 4 MB/s, 4,000 records/s
const GROWTH_MS = 900_000 // on demand: twice the peak, within 15 minutes
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2_000
const MAX_TRIES = 8 // as in cloud/stream.ts

/** What happens to an envelope that was sent. */
export interface WayHooks {
  readonly accepted: (piece: Piece) => void
  /** Its head can be read. */
  readonly headWritten: (piece: Piece) => void
  readonly failed: (piece: Piece) => void
}

/**
 * The way to the functions through the stream. Which lane of its shard a key falls into nobody knows: it follows from
 * the seed.
 */
export class Stream {
  throttled = 0
  records = 0
  bytes = 0
  putUnits = 0
  private readonly shards: readonly Shard[]
  private readonly onDemand: OnDemand | null
  private readonly keys = new LaneKeys()

  constructor(
    private readonly agenda: Agenda,
    private readonly given: Assumptions,
    private readonly cloud: Cloud,
    functions: Functions,
    private readonly draw: Draw,
    private readonly hooks: WayHooks,
    clockMs: () => number,
  ) {
    this.onDemand = cloud.stream === 'on-demand' ? new OnDemand(given.shardBytesPerSecond, clockMs) : null
    this.keys.resize(cloud.shards, cloud.parallelization)
    const share = () => (this.onDemand === null ? 1 : this.onDemand.shards / cloud.shards)
    this.shards = Array.from({ length: cloud.shards }, (_, index) => {
      const phaseMs = (given.pollIntervalMs * index) / cloud.shards
      return new Shard(agenda, given, functions, cloud.consumer, cloud.parallelization, phaseMs, share)
    })
  }

  send(piece: Piece): void {
    const foldMs = (piece.events / this.given.laneRate) * 1000
    const { partitionKey, shard } = this.keys.choose(piece.number, foldMs, this.agenda.nowMs)
    const record: StreamRecord = {
      piece,
      shard,
      bytes: piece.events * this.given.sealedEventBytes,
      lane: Math.floor(this.draw(Number(partitionKey.slice('lane-'.length))) * this.cloud.parallelization),
      onHead: () => this.hooks.headWritten(piece),
    }
    this.agenda.after(this.given.putMs, () => this.put(record, 1))
  }

  /** The edge has seen the head. */
  finished({ number }: Piece): void {
    this.keys.finished(number, this.agenda.nowMs)
  }

  /** The edge waits for it no more. */
  takenBack({ number }: Piece): void {
    this.keys.takenBack(number)
  }

  private put(record: StreamRecord, tries: number): void {
    const { piece, bytes } = record
    this.onDemand?.wrote(bytes)
    if (this.shards[record.shard]!.put(record)) {
      this.records += 1
      this.bytes += bytes
      this.putUnits += putUnitsOf(bytes)
      this.hooks.accepted(piece)
      return
    }
    this.throttled += 1
    if (tries >= MAX_TRIES) {
      this.hooks.failed(piece)
      return
    }
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1)) * (0.5 + this.draw(piece.number + tries))
    this.agenda.after(delayMs + this.given.putMs, () => this.put(record, tries + 1))
  }
}

/**
 * How an on-demand stream grows: it takes twice the highest rate of any second up to the quarter of an hour before, and
 * never less than a new one.
 */
class OnDemand {
  shards = ON_DEMAND_SHARDS
  private second = 0
  private bytesInSecond = 0
  private peak = 0
  private grownMs = 0

  constructor(
    private readonly shardBytes: number,
    private readonly clockMs: () => number,
  ) {}

  wrote(bytes: number): void {
    const nowMs = this.clockMs()
    const second = Math.floor(nowMs / 1000)
    if (second !== this.second) {
      this.peak = Math.max(this.peak, this.bytesInSecond)
      this.second = second
      this.bytesInSecond = 0
    }
    this.bytesInSecond += bytes
    if (nowMs - this.grownMs < GROWTH_MS) return
    this.grownMs = nowMs
    this.shards = Math.max(this.shards, (2 * this.peak) / this.shardBytes)
  }
}
