import { randomUUID } from 'node:crypto'
import type { StreamRecord } from '../kinesis/shard-log'
import type { ShardCursor } from '../kinesis/shard-reader'
import type { Batch } from './batch'
import { roomFor } from './buffer-room'
import { discardNotice } from './discard-notice'
import { type EventFrame, kinesisEvent, payloadBytesOf } from './kinesis-event'
import {
  type Discard,
  emptyLane,
  type Lane,
  type LaneRules,
  nextStep,
  receive,
  release,
  settle,
  unfinished,
} from './lane'
import { laneOfKey } from './lane-of-key'
import type { MappingConfig } from './mapping-config'
import type { MappingDeps } from './mapping-deps'
import { destinationProblem, processingResult } from './processing-result'

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

/** Reads one shard and drives its lanes: does what `nextStep` decides, and nothing else. */
export class ShardPoller {
  private lanes: Lane[]
  private readonly wakeUps: (() => void)[]
  private readonly underWay = new Set<Promise<void>>()
  private cancelPoll: () => void = () => {}
  private waitsForRoom = false
  private stopped = false
  private invocationsInFlight = 0
  private discardedRecords = 0
  private expiredRecords = 0
  private readonly frame: EventFrame
  private readonly rules: LaneRules

  /** `report` is told each new `LastProcessingResult`. */
  constructor(
    private cursor: ShardCursor,
    private readonly config: MappingConfig,
    private readonly deps: MappingDeps,
    private readonly report: (result: string) => void,
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

  /** As on AWS: again at once while there is more, else after the idle pause. Not at all while the lanes are full: the lane that finishes next polls. */
  private poll(): void {
    const room = roomFor(this.lanes.flatMap(unfinished), this.lanes.length, this.config.batchSize)
    this.waitsForRoom = room === undefined
    if (!room) return
    const { records, cursor, expired } = this.deps.reader.read(this.cursor, room, this.deps.now())
    this.cursor = cursor
    this.expiredRecords += expired
    this.deliver(records)
    this.pollAfter(records.length > 0 ? 0 : this.config.pollIntervalMs)
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
    this.lanes[index] = lane
    if (this.stopped) return
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
        this.lanes[index] = step.lane
        this.track(this.send(index, step.batch))
        return
      case 'discard':
        this.lanes[index] = step.lane
        this.track(this.discard(index, step.discard))
        return
    }
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
    this.report(processingResult(outcome))
    this.finish(index, settle(this.lanes[index]!, outcome, this.deps.now(), this.rules))
  }

  private async discard(index: number, discard: Discard): Promise<void> {
    this.discardedRecords += discard.batch.records.length
    await this.notify(this.config.onFailureDestinationArn, discard)
    this.finish(index, release(this.lanes[index]!))
  }

  private async notify(arn: string | undefined, discard: Discard): Promise<void> {
    if (arn === undefined) return
    const { functionArn } = this.config
    const facts = {
      functionArn,
      fallbackRequestId: randomUUID(),
      now: this.deps.now(),
      withPayload: arn.includes(':s3:'),
    }
    try {
      await this.deps.sendToDestination(arn, discardNotice(discard, this.frame, facts))
    } catch (error) {
      this.report(destinationProblem(arn, error))
    }
  }

  private finish(index: number, lane: Lane): void {
    this.proceed(index, lane)
    if (this.waitsForRoom && !this.stopped) this.poll()
  }
}
