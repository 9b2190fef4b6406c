import { sealEnvelope } from '../cloud/envelope-codec'
import { type KinesisStream, MAX_PUT_BYTES, MAX_PUT_RECORDS, type StreamRecord } from '../cloud/stream'
import type { Envelope } from '../core/envelope'

const MAX_CALLS = 4 // PutRecords calls in progress: enough to hide their latency, few enough to keep memory and sockets small

/** What happened on the way to the stream; cumulative. */
export interface SendCounters {
  readonly records: number
  readonly bytes: number
  /** Billing units of 25 KB. */
  readonly putUnits: number
  readonly throttled: number
  readonly failed: number
}

const PUT_UNIT_BYTES = 25 * 1024

interface Waiting {
  readonly envelope: Envelope
  readonly record: StreamRecord
}

/** Sends envelopes to the stream in as few calls as their arrival allows. */
export class BurstSender {
  private queue: Waiting[] = []
  private calls = 0
  private readonly totals = { records: 0, bytes: 0, putUnits: 0, throttled: 0, failed: 0 }

  constructor(
    private readonly stream: Pick<KinesisStream, 'put'>,
    private readonly hooks: {
      /** The stream has it. */
      readonly accepted: (envelope: Envelope) => void
      /** The stream did not take it, whatever was tried: because it is away, or only throttled. */
      readonly failed: (envelope: Envelope, isOutage: boolean) => void
    },
  ) {}

  send(envelope: Envelope, reclaimAtMs: number): void {
    const data = sealEnvelope(envelope, reclaimAtMs)
    // A key of its own for each envelope spreads them over shards and lanes.
    this.queue.push({ envelope, record: { partitionKey: `${envelope.incarnation}-${envelope.number}`, data } })
    this.startNext()
  }

  counters(): SendCounters {
    return { ...this.totals }
  }

  private startNext(): void {
    if (this.calls >= MAX_CALLS || this.queue.length === 0) return
    this.calls += 1
    void this.put(this.take())
  }

  private async put(batch: readonly Waiting[]): Promise<void> {
    const report = await this.stream.put(
      batch.map(({ record }) => record),
      (index) => this.accepted(batch[index]!),
    )
    this.totals.throttled += report.throttled
    this.totals.failed += report.failed.length
    for (const index of report.failed) this.hooks.failed(batch[index]!.envelope, report.isOutage)
    this.calls -= 1
    this.startNext()
  }

  private accepted({ envelope, record }: Waiting): void {
    this.totals.records += 1
    this.totals.bytes += record.data.length
    this.totals.putUnits += Math.ceil(record.data.length / PUT_UNIT_BYTES)
    this.hooks.accepted(envelope)
  }

  private take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.queue) {
      bytes += record.data.length + record.partitionKey.length
      if (count > 0 && (bytes > MAX_PUT_BYTES || count >= MAX_PUT_RECORDS)) break
      count += 1
    }
    return this.queue.splice(0, count)
  }
}
