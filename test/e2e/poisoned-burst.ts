import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import { openEnvelope } from '../../cloud/envelope-codec'
import { burstFunction } from '../../handlers/burst'
import bids from '../../pipelines/bids'

const burst = burstFunction([bids])
const POISON = { crash: () => process.exit(1), loop: () => loopForever() }

/**
 * The burst function, with two kinds of events that its process does not survive. At the edge they are events as any
 * other.
 */
export const handler = async (event: KinesisStreamEvent, context: Context): Promise<KinesisStreamBatchResponse> => {
  for (const record of event.Records) {
    poisonOf(record)?.()
    const { batchItemFailures } = await burst({ Records: [record] }, context)
    if (batchItemFailures.length > 0) return { batchItemFailures }
  }
  return { batchItemFailures: [] }
}

function poisonOf({ kinesis }: KinesisStreamRecord): (() => never) | undefined {
  const opened = openEnvelope(Buffer.from(kinesis.data, 'base64'))
  const text = opened.kind === 'envelope' ? opened.envelope.lines.join('\n') : ''
  if (text.includes('"poison":"crash"')) return POISON.crash
  return text.includes('"poison":"loop"') ? POISON.loop : undefined
}

function loopForever(): never {
  for (;;);
}
