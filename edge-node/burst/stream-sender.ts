import { sealEnvelope } from '../../cloud/envelope-codec'
import { type KinesisStream, MAX_PUT_BYTES, MAX_PUT_RECORDS, type StreamRecord } from '../../cloud/stream'
import type { LaneKey } from '../../core/control/lane-keys'
import type { Envelope } from '../../core/protocol/envelope'
import { type Clock, systemClock } from '../observe/clock'
import type { EnvelopeSender, SendCounters, SenderHooks } from './envelope-sender'

// PutRecords calls in progress: enough to hide their latency, few enough to keep memory and sockets small
const MAX_CALLS = 4

const PUT_UNIT_BYTES = 25 * 1024

interface Waiting {
  readonly envelope: Envelope
  readonly record: StreamRecord
}

/**
 * Sends envelopes to the stream in as few calls as their arrival allows. `accepted` means that the stream has the
 * envelope.
 */
export class BurstSender implements EnvelopeSender {
  private queue: Waiting[] = []
  private calls = 0
  private readonly totals = { records: 0, bytes: 0, putUnits: 0, throttled: 0, failed: 0, divertMs: 0 }

  constructor(
    private readonly stream: Pick<KinesisStream, 'put'>,
    private readonly hooks: Omit<SenderHooks, 'finished'>,
    private readonly clock: Pick<Clock, 'monotonicMs'> = systemClock,
  ) {}

  send(envelope: Envelope, reclaimAtMs: number, { partitionKey, explicitHashKey }: LaneKey): void {
    const startMs = this.clock.monotonicMs()
    const data = sealEnvelope(envelope, reclaimAtMs)
    this.totals.divertMs += this.clock.monotonicMs() - startMs
    this.queue.push({ envelope, record: { partitionKey, explicitHashKey, data } })
    this.startNext()
  }

  counters(): SendCounters {
    return { invocations: 0, ...this.totals }
  }

  private startNext(): void {
    if (this.calls >= MAX_CALLS || this.queue.length === 0) return
    this.calls += 1
    void this.put(this.take())
  }

  private async put(batch: readonly Waiting[]): Promise<void> {
    let heard = 0
    const report = await this.stream.put(
      batch.map(({ record }) => record),
      (index) => this.accepted(batch[index]!),
      (entries) => {
        heard += entries
        this.totals.throttled += entries
      },
    )
    this.totals.throttled += report.throttled - heard
    this.totals.divertMs += report.cpuMs
    this.totals.failed += report.failed.length
    const reason = report.isOutage ? 'the stream cannot be reached' : 'the stream is throttled'
    for (const index of report.failed) this.hooks.failed(batch[index]!.envelope, report.isOutage, reason)
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
