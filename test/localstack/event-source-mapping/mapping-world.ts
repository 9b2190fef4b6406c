import type { KinesisStreamEvent } from 'aws-lambda'
import { EventSourceMapping } from '../../../localstack/embedded/event-source-mapping/event-source-mapping'
import { mappingConfig } from '../../../localstack/embedded/event-source-mapping/mapping-properties'
import { KinesisStore } from '../../../localstack/embedded/kinesis/kinesis-store'
import { HASH_KEYS } from '../../../localstack/embedded/kinesis/limits'
import { shardReader } from '../../../localstack/embedded/kinesis/shard-reader'
import type { InvokeOutcome } from '../../../localstack/embedded/wire'
import { VirtualTime } from '../virtual-time'

export interface Call {
  readonly atMs: number
  /** Texts of the records, in order. */
  readonly records: readonly string[]
  readonly event: KinesisStreamEvent
}

export type Answer = (records: readonly string[]) => InvokeOutcome | Promise<InvokeOutcome>

export const ok: InvokeOutcome = { kind: 'ok', payload: Buffer.from('null'), requestId: 'request-1' }
export const threw: InvokeOutcome = {
  kind: 'error',
  errorType: 'Error',
  payload: Buffer.from('{}'),
  requestId: 'request-1',
}
export const throttled: InvokeOutcome = { kind: 'throttled', message: 'Rate Exceeded.' }

/** A stream, a mapping on it, and a function that answers as told, in virtual time. */
export function world(properties: object = {}, answer: Answer = () => ok, shardCount = 1, consumer = '') {
  const time = new VirtualTime()
  const startMs = time.now()
  const store = new KinesisStore()
  const stream = store.createStream({ name: 'burst', mode: { kind: 'PROVISIONED', shardCount } }, startMs)
  const calls: Call[] = []
  const notices: { readonly arn: string; readonly body: string }[] = []
  const config = mappingConfig(
    { EventSourceArn: stream.arn + consumer, FunctionName: 'burst', StartingPosition: 'TRIM_HORIZON', ...properties },
    { uuid: 'mapping-1', executionRoleArn: 'arn:aws:iam::000000000000:role/burst' },
  )
  const start = () =>
    new EventSourceMapping(config, {
      reader: shardReader(store, stream),
      now: time.now,
      startTimer: time.startTimer,
      async sendToDestination(arn, body) {
        notices.push({ arn, body })
      },
      async invoke(_functionName, payload) {
        const event: KinesisStreamEvent = JSON.parse(payload.toString())
        const records = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())
        calls.push({ atMs: time.now() - startMs, records, event })
        return answer(records)
      },
    })
  const put = (text: string, partitionKey = 'key', shard = 0) => {
    const data = Buffer.from(text).toString('base64')
    const hashKey = (HASH_KEYS / BigInt(shardCount)) * BigInt(shard)
    store.put(stream, { partitionKey, data, bytes: text.length + partitionKey.length }, hashKey, time.now())
  }
  /** Others read the first shard as often as it allows. */
  const exhaust = () => {
    for (let read = 0; read < 5; read++) stream.shards[0]!.readWithinLimits(1, { records: 1, bytes: 1 }, time.now())
  }
  return { time, put, calls, notices, start, exhaust, stream }
}

export const sentBy = (calls: readonly Call[]) => calls.map(({ records }) => records)
export const timesOf = (calls: readonly Call[]) => calls.map(({ atMs }) => atMs)
