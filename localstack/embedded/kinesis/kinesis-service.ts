import { randomUUID } from 'node:crypto'
import { type StartTimer, startNodeTimer } from '../timers'
import { jsonError, type WireRequest, type WireResponse, type WireService } from '../wire'
import {
  deregisterStreamConsumer,
  describeStreamConsumer,
  listStreamConsumers,
  registerStreamConsumer,
  subscribeToShard,
} from './consumer-verbs'
import type { KinesisStore } from './kinesis-store'
import { KinesisError } from './limits'
import { putRecord, putRecords } from './put-verbs'
import { getRecords, getShardIterator } from './read-verbs'
import type { RequestFields } from './request-fields'
import { updateShardCount, updateStreamWarmThroughput } from './scaling-verbs'
import {
  createStream,
  deleteStream,
  describeStream,
  describeStreamSummary,
  listShards,
  listStreams,
} from './stream-verbs'

/** The verbs that the embedded service speaks and answers at once, by their names in `X-Amz-Target: Kinesis_20131202.<verb>`. */
const verbs = {
  CreateStream: createStream,
  DeleteStream: deleteStream,
  DeregisterStreamConsumer: deregisterStreamConsumer,
  DescribeStream: describeStream,
  DescribeStreamConsumer: describeStreamConsumer,
  DescribeStreamSummary: describeStreamSummary,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  ListShards: listShards,
  ListStreamConsumers: listStreamConsumers,
  ListStreams: listStreams,
  PutRecord: putRecord,
  PutRecords: putRecords,
  RegisterStreamConsumer: registerStreamConsumer,
  UpdateShardCount: updateShardCount,
  UpdateStreamWarmThroughput: updateStreamWarmThroughput,
} as const satisfies Record<string, (store: KinesisStore, fields: RequestFields, now: number) => object | undefined>

/** The one verb whose answer goes on. */
const SUBSCRIBE = 'SubscribeToShard'

type Verb = keyof typeof verbs | typeof SUBSCRIBE

const JSON_1_1 = 'application/x-amz-json-1.1'

/**
 * Kinesis over HTTP as the AWS SDK for JavaScript v3 speaks it: AWS JSON 1.1, POST to `/`, the verb in `X-Amz-Target`.
 * CBOR, which the Java SDK prefers, is refused. `now` is epoch milliseconds; the timers are those of subscriptions.
 */
export function kinesisService(
  store: KinesisStore,
  now: () => number,
  startTimer: StartTimer = startNodeTimer,
): WireService {
  return async (request) => {
    try {
      const verb = verbOf(request)
      const fields = fieldsOf(request)
      return verb === SUBSCRIBE
        ? subscribeToShard(store, fields, { now, startTimer })
        : answer(verbs[verb](store, fields, now()))
    } catch (error) {
      if (error instanceof KinesisError) return jsonError(400, error.code, error.message)
      throw error
    }
  }
}

function answer(output: object | undefined): WireResponse {
  const headers = { 'content-type': JSON_1_1, 'x-amzn-requestid': randomUUID() }
  return { status: 200, headers, body: output === undefined ? '' : JSON.stringify(output) }
}

function verbOf(request: WireRequest): Verb {
  const [service, verb] = String(request.headers['x-amz-target'] ?? '').split('.')
  if (service === 'Kinesis_20131202' && verb !== undefined && isVerb(verb)) return verb
  throw new KinesisError(
    'UnknownOperationException',
    `The embedded Kinesis has no operation ${verb ?? '(no X-Amz-Target)'}; it has ${[...Object.keys(verbs), SUBSCRIBE].join(', ')}.`,
  )
}

function isVerb(name: string): name is Verb {
  return name === SUBSCRIBE || Object.hasOwn(verbs, name)
}

function fieldsOf(request: WireRequest): RequestFields {
  const contentType = String(request.headers['content-type'] ?? '')
  if (!contentType.startsWith(JSON_1_1))
    throw new KinesisError(
      'SerializationException',
      `Content-Type must be ${JSON_1_1}; it was ${contentType || 'absent'}.`,
    )
  const fields = parsed(request.body)
  if (fields.DryRun === true)
    throw new KinesisError('DryRunOperationException', 'Request would have succeeded, but DryRun flag is set.')
  return fields
}

function parsed(body: Buffer): RequestFields {
  const value: unknown = body.length === 0 ? {} : tryJson(body.toString())
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RequestFields
  throw new KinesisError('SerializationException', 'The body must be one JSON object.')
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
