import { randomUUID } from 'node:crypto'
import { discardNotice } from './discard-notice'
import type { EventFrame } from './kinesis-event'
import type { Discard } from './lane'
import type { MappingConfig } from './mapping-config'
import type { MappingDeps } from './mapping-deps'
import { destinationProblem } from './processing-result'

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
