import type { StreamRecord } from '../kinesis/shard-log'

/** What all records of one shard's events have in common. */
export interface EventFrame {
  readonly shardId: string
  readonly eventSourceArn: string
  readonly executionRoleArn: string
}

const OPENING = '{"Records":['
const CLOSING = ']}'

/** The event that Lambda hands to a function: the documented Kinesis shape, as JSON. */
export function kinesisEvent(records: readonly StreamRecord[], frame: EventFrame): string {
  return `${OPENING}${records.map((record) => JSON.stringify(eventRecord(record, frame))).join(',')}${CLOSING}`
}

/** What one record adds to the event, in bytes, with its comma. Base64 is ASCII, so its length is its bytes. */
export function payloadBytesOf(record: StreamRecord, frame: EventFrame): number {
  const bare = JSON.stringify(eventRecord({ ...record, data: '' }, frame))
  return Buffer.byteLength(bare) + record.data.length + 1
}

/** What an event has besides its records. */
export const framePayloadBytes = OPENING.length + CLOSING.length

function eventRecord(record: StreamRecord, frame: EventFrame): object {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequenceNumber,
      data: record.data,
      approximateArrivalTimestamp: record.arrivalMs / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${frame.shardId}:${record.sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: frame.executionRoleArn,
    awsRegion: frame.eventSourceArn.split(':')[3],
    eventSourceARN: frame.eventSourceArn,
  }
}
