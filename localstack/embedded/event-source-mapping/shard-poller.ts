import type { ReadLimits, StreamRecord } from '../kinesis/shard-log'
import type { ShardCursor } from '../kinesis/shard-reader'
import type { Batch, PendingRecord } from './batch'
import { processingResult } from './batch-response'
import { notifyOfDiscard } from './discard-notice'
import { PAYLOAD_LIMIT_BYTES } from './gathering'
import { type EventFrame, kinesisEvent, payloadBytesOf } from './kinesis-event'
import {
  type Discard,
  emptyLane,
  type Lane,
  type LaneRules,
  laneOfKey,
  nextStep,
  receive,
  release,
  settle,
  shareOut,
  unfinished,
} from './lane'
import type { MappingConfig, MappingDeps } from './mapping-config'
import { type NextRead, readOnce } from './reading'

/** What GetRecords gives at most, which is how AWS's pollers read. */
const READ_LIMITS: ReadLimits = { records: 10_000, bytes: 10 * 1024 * 1024 }

/**
 * How much a shard's poller may still read while `pending` is not finished, or undefined when it is full. A shard
 * buffers one batch in flight and one to follow for each lane, which keeps every lane busy; more would only move the
 * backlog from the stream into the mapping.
 */
export function roomFor(pending: readonly PendingRecord[], lanes: number, batchSize: number): ReadLimits | undefined {
  const batches = 2 * lanes
  const pendingBytes = pending.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)
  const records = batches * batchSize - pending.length
  const bytes = batches * PAYLOAD_LIMIT_BYTES - pendingBytes
  if (records <= 0 || bytes <= 0) return undefined
  return { records: Math.min(READ_LIMITS.records, records), bytes: Math.min(READ_LIMITS.bytes, bytes) }
}

/** A shard as it stands, for metrics. */
export interface ShardFacts {
  readonly shardId: string
  /** Age of the oldest record that is not finished, read or not; 0 when there is none. */
  readonly iteratorAgeMs: number
  /** Read from the shard and not finished. */
  readonly bufferedRecords: number
  readonly invocationsInFlight: number
  readonly discardedRecords: number
  /** Gone from the stream before they were read. */
  readonly expiredRecords: number
}

/** What a poller tells its mapping. */
export interface PollerEvents {
  /** Each new `LastProcessingResult`. */
  readonly report: (result: string) => void
  /** The shard is closed, and all of its records are finished. Comes once. */
  readonly drained: (shardId: string) => void
}

/** A change of the number of lanes that waits until nothing is in flight. */
interface Resize {
  readonly lanes: number
  readonly done: () => void
}

/** Reads one shard and drives its lanes: does what `nextStep` decides, and nothing else. */
export class ShardPoller {
  private lanes: readonly Lane[]
  private wakeUps: (() => void)[]
  private resizing: Resize | undefined
  private ended = false
  private isDrained = false
  private readonly underWay = new Set<Promise<void>>()
  private cancelPoll: () => void = () => {}
  private waitsForRoom = false
  private stopped = false
  private invocationsInFlight = 0
  private discardedRecords = 0
  private expiredRecords = 0
  private readonly frame: EventFrame
  private readonly rules: LaneRules

  constructor(
    private cursor: ShardCursor,
    private readonly config: MappingConfig,
    private readonly deps: MappingDeps,
    private readonly events: PollerEvents,
  ) {
    const { eventSourceArn, executionRoleArn, parallelizationFactor } = config
    this.frame = { shardId: cursor.shardId, eventSourceArn, executionRoleArn }
    // Whatever the mapping allows, a record that the stream no longer keeps is not sent any more.
    this.rules = { ...config, maximumRecordAgeMs: Math.min(config.maximumRecordAgeMs, deps.reader.retentionMs) }
    this.lanes = Array.from({ length: parallelizationFactor }, () => emptyLane(deps.now()))
    this.wakeUps = this.lanes.map(() => () => {})
  }

  /** Begins to poll after `phaseMs`. */
  start(phaseMs: number): void {
    this.pollAfter(phaseMs)
  }

  /**
   * Goes on with so many lanes. What is in flight comes back first, so that no key is ever in two lanes; until then
   * nothing new is sent. Resolves when the lanes are there, and never if the poller is stopped before.
   */
  resize(lanes: number): Promise<void> {
    return new Promise((done) => {
      this.resizing = { lanes, done }
      this.resizeIfQuiet()
    })
  }

  /** Starts nothing new, and resolves when what is in flight has come back. Leaves no timer. */
  async stop(): Promise<void> {
    this.stopped = true
    this.cancelPoll()
    for (const cancel of this.wakeUps) cancel()
    await Promise.all(this.underWay)
  }

  facts(): ShardFacts {
    const now = this.deps.now()
    const arrivalsMs = this.lanes.map((lane) => unfinished(lane)[0]?.record.arrivalMs ?? now)
    const { invocationsInFlight, discardedRecords, expiredRecords } = this
    return {
      shardId: this.frame.shardId,
      iteratorAgeMs: Math.max(now - Math.min(...arrivalsMs), this.deps.reader.millisBehindLatest(this.cursor, now)),
      bufferedRecords: this.lanes.flatMap(unfinished).length,
      invocationsInFlight,
      discardedRecords,
      expiredRecords,
    }
  }

  private pollAfter(delayMs: number): void {
    this.cancelPoll = this.deps.startTimer(delayMs, () => this.poll())
  }

  private waitFor(next: NextRead): void {
    if (next.kind === 'after') this.pollAfter(next.delayMs)
    else this.cancelPoll = this.deps.reader.onNews(this.cursor.shardId, () => this.pollAfter(next.delayMs))
  }

  /** Reads, and says when to read on. Not at all while the lanes are full: the lane that finishes next polls. */
  private poll(): void {
    const room = roomFor(this.lanes.flatMap(unfinished), this.lanes.length, this.config.batchSize)
    this.waitsForRoom = room === undefined
    if (!room) return
    const read = readOnce(this.deps.reader, this.cursor, room, this.config, this.deps.now())
    this.cursor = read.cursor
    this.expiredRecords += read.expired
    this.ended = read.ended
    this.deliver(read.records)
    if (read.ended) this.drainedIfFinished()
    else this.waitFor(read.next)
  }

  private drainedIfFinished(): void {
    const isFinished = this.lanes.every((lane) => !lane.busy && unfinished(lane).length === 0)
    if (!this.ended || !isFinished || this.isDrained) return
    this.isDrained = true
    this.events.drained(this.frame.shardId)
  }

  private resizeIfQuiet(): void {
    if (this.resizing === undefined || this.stopped || this.lanes.some(({ busy }) => busy)) return
    const { lanes, done } = this.resizing
    this.resizing = undefined
    for (const cancel of this.wakeUps) cancel()
    this.lanes = shareOut(this.lanes, lanes, this.deps.now())
    this.wakeUps = this.lanes.map(() => () => {})
    for (const [index, lane] of this.lanes.entries()) this.proceed(index, lane)
    if (this.waitsForRoom) this.poll()
    done()
  }

  private deliver(records: readonly StreamRecord[]): void {
    const readAtMs = this.deps.now()
    const pending = records.map((record) => ({ record, readAtMs, payloadBytes: payloadBytesOf(record, this.frame) }))
    for (const [index, lane] of this.lanes.entries()) {
      const own = pending.filter(({ record }) => laneOfKey(record.partitionKey, this.lanes.length) === index)
      if (own.length > 0) this.proceed(index, receive(lane, own))
    }
  }

  /** Puts a lane in its new state and does its next step. */
  private proceed(index: number, lane: Lane): void {
    this.put(index, lane)
    if (this.stopped || this.resizing !== undefined) return
    this.wakeUps[index]!()
    const step = nextStep(lane, this.deps.now(), this.rules)
    switch (step.kind) {
      case 'rest':
        return
      case 'wake_at': {
        const wake = () => this.proceed(index, this.lanes[index]!)
        this.wakeUps[index] = this.deps.startTimer(step.ms - this.deps.now(), wake)
        return
      }
      case 'send':
        this.put(index, step.lane)
        this.track(this.send(index, step.batch))
        return
      case 'discard':
        this.put(index, step.lane)
        this.track(this.discard(index, step.discard))
        return
    }
  }

  private put(index: number, lane: Lane): void {
    this.lanes = this.lanes.with(index, lane)
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.underWay.delete(tracked))
    this.underWay.add(tracked)
  }

  private async send(index: number, batch: Batch): Promise<void> {
    const records = batch.records.map(({ record }) => record)
    this.invocationsInFlight += 1
    const outcome = await this.deps.invoke(this.config.functionName, Buffer.from(kinesisEvent(records, this.frame)))
    this.invocationsInFlight -= 1
    this.events.report(processingResult(outcome))
    this.finish(index, settle(this.lanes[index]!, outcome, this.deps.now(), this.rules))
  }

  private async discard(index: number, discard: Discard): Promise<void> {
    this.discardedRecords += discard.batch.records.length
    const problem = await notifyOfDiscard(discard, this.frame, this.config, this.deps)
    if (problem !== undefined) this.events.report(problem)
    this.finish(index, release(this.lanes[index]!))
  }

  private finish(index: number, lane: Lane): void {
    this.proceed(index, lane)
    if (this.stopped) return
    this.resizeIfQuiet()
    if (this.waitsForRoom) this.poll()
    if (this.ended) this.drainedIfFinished()
  }
}
