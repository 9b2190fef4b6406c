import { type Draw, draws } from '../../load/events/random'
import { json, type WireAnswer, type WireCall } from './aws-answers'

/**
 * A batch that succeeds in part. `passedOn` goes to the service (null: nothing does); `answer` makes the caller's
 * answer from the service's: entries that were kept back failed, each on its own, inside a success.
 */
export interface PartialFailure {
  readonly passedOn: Buffer | null
  answer(fromService: Buffer | null): WireAnswer
}

interface PutRecords {
  readonly Records: readonly object[]
}

interface PutRecordsAnswer {
  readonly FailedRecordCount: number
  readonly Records: readonly { readonly ErrorCode?: string }[]
}

interface Batch {
  readonly RequestItems: object
}

/** The partial failure of a batch operation; null for a call that is none. `pick` in [0, 1) chooses the entries. */
export function partialFailure(call: WireCall, pick: number): PartialFailure | null {
  switch (call.target?.split('.')[1]) {
    case 'PutRecords':
      return somePutRecords(JSON.parse(call.body.toString()) as PutRecords, pick)
    case 'BatchGetItem':
      return unprocessed(call, ({ RequestItems }) => ({ Responses: {}, UnprocessedKeys: RequestItems }))
    case 'BatchWriteItem':
      return unprocessed(call, ({ RequestItems }) => ({ UnprocessedItems: RequestItems }))
    default:
      return null
  }
}

/** About half of the records, the first one at least, are throttled; the others reach the stream. */
function somePutRecords(request: PutRecords, pick: number): PartialFailure {
  const unit: Draw = draws(Math.floor(pick * 2 ** 32), 'records')
  const isKept = request.Records.map((_, index) => index > 0 && unit(index) < 0.5)
  const kept = request.Records.filter((_, index) => isKept[index])
  return {
    passedOn: kept.length === 0 ? null : Buffer.from(JSON.stringify({ ...request, Records: kept })),
    answer: (fromService) => json(200, null, spliced(isKept, fromService)),
  }
}

function spliced(isKept: readonly boolean[], fromService: Buffer | null): PutRecordsAnswer {
  const taken = fromService === null ? [] : [...(JSON.parse(fromService.toString()) as PutRecordsAnswer).Records]
  const refused = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for the shard.' }
  const records = isKept.map((kept) => (kept ? taken.shift() : undefined) ?? refused)
  return { FailedRecordCount: records.filter(({ ErrorCode }) => ErrorCode !== undefined).length, Records: records }
}

function unprocessed(call: WireCall, content: (batch: Batch) => object): PartialFailure {
  const answer = json(200, null, content(JSON.parse(call.body.toString()) as Batch))
  return { passedOn: null, answer: () => answer }
}
