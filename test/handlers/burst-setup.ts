import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import { sealEnvelope } from '../../cloud/envelope-codec'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { PartialStore } from '../../cloud/partial-store'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { Envelope } from '../../core/protocol/envelope'
import { foldEnvelope } from '../../core/protocol/fold'
import { type BurstDependencies, createBurstHandler } from '../../handlers/burst'
import { RecordingItemStore } from '../cloud/recording-item-store'
import { FROM, samplePipeline, viewOf } from '../cloud/sample-envelopes'

export const NOW_MS = 1_700_000_000_000
export const RECLAIM_AT_MS = NOW_MS + 30_000
export const spec = samplePipeline()

/** A record of the stream; its sequence number is told by the place in the stream. */
export const recordOf = (data: Uint8Array, place: number): KinesisStreamRecord => ({
  awsRegion: 'us-east-1',
  eventID: `shardId-000000000000:${place}`,
  eventName: 'aws:kinesis:record',
  eventSource: 'aws:kinesis',
  eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/overflow',
  eventVersion: '1.0',
  invokeIdentityArn: 'arn:aws:iam::000000000000:role/burst',
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: `key ${place}`,
    sequenceNumber: String(place),
    data: Buffer.from(data).toString('base64'),
    approximateArrivalTimestamp: NOW_MS / 1000,
  },
})
export const eventOf = (...records: KinesisStreamRecord[]): KinesisStreamEvent => ({ Records: records })
export const sealed = (envelope: Envelope, reclaimAtMs = RECLAIM_AT_MS) => sealEnvelope(envelope, reclaimAtMs)
/** A batch of envelopes, each under its own number as sequence number. */
export const batchOf = (...envelopes: Envelope[]) =>
  eventOf(...envelopes.map((envelope) => recordOf(sealed(envelope), envelope.number)))

/** A burst function over tables in memory, and a look into them. */
export function burstFunction(overrides: Partial<BurstDependencies> = {}) {
  const table = new MemoryItemStore()
  const items = new RecordingItemStore(table)
  const store = new PartialStore(items, () => 0)
  const lines: Record<string, unknown>[] = []
  let attempts = 0
  const handler = createBurstHandler({
    store,
    pipelines: new Map<string, Pipeline>([[spec.name, spec]]),
    versionOf: () => FROM.version,
    nowMs: () => NOW_MS,
    newAttempt: () => `attempt ${attempts++}`,
    log: (line) => lines.push(line),
    ...overrides,
  })
  return {
    items,
    lines,
    snapshot: () => new Map(table.items),
    burst: (event: KinesisStreamEvent, time: { getRemainingTimeInMillis?: () => number } = {}) =>
      handler(event, { awsRequestId: 'request', memoryLimitInMB: '1024', ...time }),
    /** The function called with whatever somebody sends it. */
    called: (event: unknown) => handler(event as KinesisStreamEvent, { awsRequestId: 'r', memoryLimitInMB: '1024' }),
    heads: (...numbers: number[]) => store.heads(FROM, numbers),
    /** What stands for an envelope, as a merge would read it. */
    standing: async (number: number) => {
      const head = (await store.heads(FROM, [number])).get(number)
      if (head === undefined) return undefined
      const panes = await store.panes(spec, FROM, number, head, new Set([0, 10, 20]))
      return panes?.map((pane) => viewOf(spec, pane))
    },
  }
}

/** What stands for an envelope that was folded in one go. */
export async function foldedViews(envelope: Envelope) {
  const { panes } = await foldEnvelope(spec, envelope)
  return [...panes.values()].map((pane) => viewOf(spec, pane))
}
