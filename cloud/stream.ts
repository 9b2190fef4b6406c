import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { jitteredDelays } from './backoff'
import { AS_IT_GOES_OUT, isRefusal, SendingStopwatch } from './functions'

/** A record for the stream. Its partition key decides which lane of its shard it takes. */
export interface StreamRecord {
  readonly partitionKey: string
  /** Decides the shard, instead of the partition key; in decimal digits. */
  readonly explicitHashKey?: string
  readonly data: Uint8Array
}

/** What a call of `put` came to, for the controller: throttled entries slow bursting down and are no outage. */
export interface PutReport {
  /** Indexes of the records that the stream did not take in the end. */
  readonly failed: readonly number[]
  /** Entries that came back throttled and were sent again. */
  readonly throttled: number
  /** Records failed in the end, and for another reason than throttling. */
  readonly isOutage: boolean
  /** Time of this thread for making and signing the calls. */
  readonly cpuMs: number
}

/** PutRecords takes 500 records and 5 MB in all. */
export const MAX_PUT_RECORDS = 500
export const MAX_PUT_BYTES = 5 * 1024 * 1024
const MAX_TRIES = 8 // about 5 s with the backoff; after that folding at the edge is faster than waiting

const isThrottled = ({ code }: { readonly code: string }) => code === 'ProvisionedThroughputExceededException'

/** Writes to one Kinesis stream. */
export class KinesisStream {
  constructor(
    private readonly client: KinesisClient,
    private readonly stream: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Puts at most MAX_PUT_RECORDS records of at most MAX_PUT_BYTES together. Failures come back record by record inside
   * a success: exactly those are sent again, with jitter. `onAccepted` hears of each record once, by its index;
   * `onThrottled` of throttled entries as they come back, seconds before the report. Rejects only with what these
   * throw: what was not taken is in the report.
   */
  async put(
    records: readonly StreamRecord[],
    onAccepted: (index: number) => void,
    onThrottled: (entries: number) => void = () => {},
  ): Promise<PutReport> {
    const delays = jitteredDelays(MAX_TRIES)
    let pending = records.map((_, index) => index)
    let throttled = 0
    let cpuMs = 0
    for (;;) {
      const { failures, isRefused, ...call } = await this.tryPut(records, pending, onAccepted)
      cpuMs += call.cpuMs
      const slowed = failures.filter(isThrottled).length
      throttled += slowed
      if (slowed > 0) onThrottled(slowed)
      pending = failures.map(({ index }) => index)
      if (pending.length === 0) return { failed: [], throttled, isOutage: false, cpuMs }
      if (isRefused) return { failed: pending, throttled, isOutage: true, cpuMs }
      try {
        await delays.next(`${pending.length} records were not taken by ${this.stream}`)
      } catch {
        return { failed: pending, throttled, isOutage: !failures.every(isThrottled), cpuMs }
      }
    }
  }

  private async tryPut(
    records: readonly StreamRecord[],
    pending: readonly number[],
    onAccepted: (index: number) => void,
  ) {
    const stopwatch = new SendingStopwatch(this.nowMs)
    const entries = pending.map((index) => {
      const { partitionKey, explicitHashKey, data } = records[index]!
      const place = explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }
      return { PartitionKey: partitionKey, ...place, Data: data }
    })
    const command = new PutRecordsCommand({ StreamName: this.stream, Records: entries })
    let cpuMs = 0
    command.middlewareStack.add(
      (next) => (request) => {
        cpuMs = stopwatch.sent()
        return next(request)
      },
      AS_IT_GOES_OUT,
    )
    const answer = await this.client.send(command).catch((error: Error) => error)
    if (answer instanceof Error) {
      const failures = pending.map((index) => ({ index, code: answer.name }))
      return { failures, isRefused: isRefusal(answer), cpuMs }
    }
    const failures: { index: number; code: string }[] = []
    pending.forEach((index, place) => {
      const { SequenceNumber, ErrorCode = 'unanswered' } = answer.Records?.[place] ?? {}
      if (SequenceNumber !== undefined) onAccepted(index)
      else failures.push({ index, code: ErrorCode })
    })
    return { failures, isRefused: false, cpuMs }
  }
}
