import { randomUUID } from 'node:crypto'
import { destinationProblem } from './batch-response'
import { type EventFrame, kinesisEvent } from './kinesis-event'
import type { Discard } from './lane'
import type { MappingConfig, MappingDeps } from './mapping-config'

export interface NoticeFacts {
  readonly functionArn: string
  /** Names the notice when the function was never reached. */
  readonly fallbackRequestId: string
  readonly now: number
  /** An S3 destination gets the whole event as well; queues and topics only get where to find it. */
  readonly withPayload: boolean
}

/** The JSON that Lambda sends to an on-failure destination for a discarded batch. */
export function discardNotice({ condition, batch }: Discard, frame: EventFrame, facts: NoticeFacts): string {
  const records = batch.records.map(({ record }) => record)
  const first = records[0]!
  const last = records.at(-1)!
  const answer = batch.lastAnswer
  return JSON.stringify({
    requestContext: {
      requestId: answer?.requestId ?? facts.fallbackRequestId,
      functionArn: facts.functionArn,
      condition,
      approximateInvokeCount: batch.invocations,
    },
    // Left out when the function was never reached; a failure that it reported itself is no function error.
    ...(answer && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        functionError: answer.functionError ? 'Unhandled' : null,
      },
    }),
    version: '1.0',
    timestamp: iso(facts.now),
    KinesisBatchInfo: {
      shardId: frame.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: iso(first.arrivalMs),
      approximateArrivalOfLastRecord: iso(last.arrivalMs),
      batchSize: records.length,
      streamArn: frame.eventSourceArn,
    },
    ...(facts.withPayload && { payload: kinesisEvent(records, frame) }),
  })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/**
 * Tells the mapping's on-failure destination, if it has one, of a discarded batch. Resolves to the problem with that,
 * in AWS's words, if there was one.
 */
export async function notifyOfDiscard(
  discard: Discard,
  frame: EventFrame,
  { functionArn, onFailureDestinationArn: arn }: MappingConfig,
  { now, sendToDestination }: Pick<MappingDeps, 'now' | 'sendToDestination'>,
): Promise<string | undefined> {
  if (arn === undefined) return undefined
  const facts = { functionArn, fallbackRequestId: randomUUID(), now: now(), withPayload: arn.includes(':s3:') }
  try {
    await sendToDestination(arn, discardNotice(discard, frame, facts))
    return undefined
  } catch (error) {
    return destinationProblem(arn, error)
  }
}
