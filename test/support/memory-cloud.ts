import type { KinesisStreamRecord } from 'aws-lambda'
import type { BurstEvent } from '../../cloud/burst-function'
import type { CallOptions } from '../../cloud/functions'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { PartialStore } from '../../cloud/partial-store'
import { ResultStore } from '../../cloud/result-store'
import type { PutReport, StreamRecord } from '../../cloud/stream'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { Manifest, MergeAnswer } from '../../core/protocol/protocol'
import { createBurstHandler } from '../../handlers/burst'
import { createMergeHandler } from '../../handlers/merge'

/**
 * The cloud half in memory: the real handlers over tables and a stream in this process. A record is folded after the
 * put was answered, one at a time and in order, as on one lane.
 */
export class MemoryCloud {
  readonly partialItems = new MemoryItemStore()
  readonly resultItems = new MemoryItemStore()
  readonly partials = new PartialStore(this.partialItems, () => 0)
  readonly results = new ResultStore(this.resultItems, () => 0)
  /** Records that the stream took, and windows that were merged: what a run without burst leaves at 0. */
  recordsPut = 0
  merges = 0
  /** Direct calls of the burst function. */
  calls = 0
  /** While true the stream takes records and no function runs. */
  held = false
  /** While true the stream takes nothing. */
  away = false
  private readonly waiting: StreamRecord[] = []
  private working = false
  private readonly burst: ReturnType<typeof createBurstHandler>
  private readonly merging: ReturnType<typeof createMergeHandler>

  constructor(pipeline: Pipeline, version: string) {
    let attempts = 0
    const common = {
      pipelines: new Map([[pipeline.name, pipeline]]),
      versionOf: () => version,
      newAttempt: () => `attempt-${attempts++}`,
    }
    this.burst = createBurstHandler({ ...common, store: this.partials, nowMs: Date.now, log: () => {} })
    const used = () => ({ ms: performance.now(), readUnits: 0, writeUnits: this.resultItems.meter.writeUnits })
    const stores = { partials: this.partials, results: this.results }
    this.merging = createMergeHandler({ ...common, ...stores, used, memoryMb: 512 })
  }

  readonly stream = {
    put: async (records: readonly StreamRecord[], onAccepted: (index: number) => void): Promise<PutReport> => {
      if (this.away) return { failed: records.map((_, index) => index), throttled: 0, isOutage: true, cpuMs: 0 }
      this.recordsPut += records.length
      this.waiting.push(...records)
      for (const index of records.keys()) onAccepted(index)
      setImmediate(() => void this.work())
      return { failed: [], throttled: 0, isOutage: false, cpuMs: 0 }
    },
  }

  /** The burst function, for those who call it directly. */
  readonly burstFunction = {
    invoke: async (payload: unknown, { onSent }: CallOptions = {}): Promise<unknown> => {
      onSent?.(0)
      this.calls += 1
      const event = JSON.parse(JSON.stringify(payload)) as BurstEvent
      return this.burst(event, { awsRequestId: `call-${this.calls}`, memoryLimitInMB: '512' })
    },
  }

  readonly merge = {
    invoke: async (payload: unknown): Promise<MergeAnswer> => {
      this.merges += 1
      return this.merging(JSON.parse(JSON.stringify(payload)) as Manifest)
    },
  }

  /** Lets the functions run on what the stream holds. */
  release(): void {
    this.held = false
    void this.work()
  }

  private async work(): Promise<void> {
    if (this.working) return
    this.working = true
    while (!this.held && this.waiting.length > 0) {
      const invocation = { awsRequestId: `request-${this.recordsPut}`, memoryLimitInMB: '512' }
      await this.burst({ Records: [eventRecord(this.waiting.shift()!)] }, invocation)
    }
    this.working = false
  }
}

function eventRecord({ partitionKey, data }: StreamRecord): KinesisStreamRecord {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey,
      sequenceNumber: '1',
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: 0,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: 'shardId-000000000000:1',
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/test',
    awsRegion: 'us-east-1',
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/test',
  }
}
