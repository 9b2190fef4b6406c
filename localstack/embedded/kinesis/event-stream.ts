import { EventStreamCodec } from '@smithy/core/event-streams'
import type { KinesisError } from './kinesis-error'

export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => Buffer.from(text),
)

/** An event of an answer that never ends, as AWS frames it. */
export function eventMessage(type: string, event: object): Uint8Array {
  return message({ ':message-type': 'event', ':event-type': type }, event)
}

/** How such an answer ends when it fails. */
export function exceptionMessage({ code, message: text }: KinesisError): Uint8Array {
  return message({ ':message-type': 'exception', ':exception-type': code }, { message: text })
}

function message(headers: Readonly<Record<string, string>>, body: object): Uint8Array {
  const all = Object.entries({ ...headers, ':content-type': 'application/x-amz-json-1.1' })
  const typed = Object.fromEntries(all.map(([name, value]) => [name, { type: 'string' as const, value }]))
  return codec.encode({ headers: typed, body: Buffer.from(JSON.stringify(body)) })
}
