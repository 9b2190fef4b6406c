import { DurableLog } from './log'
import { type Recovered, Recovery, type RecoveryTerms } from './recovery'
import { type RepeatedRequest, repeatedBy } from './replays'

/** What a node takes up from its log. */
export interface ReadBack {
  readonly log: DurableLog
  readonly recovered: Recovered
  /** Requests with which events were sent again. */
  readonly repeated: readonly RepeatedRequest[]
  /** How many records were read. */
  readonly records: number
  /** Bytes of a torn tail that were cut off; nothing of it had been answered. */
  readonly tornBytes: number
}

/**
 * Opens the log of a folder and rebuilds the state from it, record by record: all of them at once may be more than fits
 * memory. Rejects with CannotRecover.
 */
export async function readBack(folder: string, terms: RecoveryTerms, nowMs: number): Promise<ReadBack> {
  const recovery = new Recovery(terms)
  const repeated: RepeatedRequest[] = []
  let records = 0
  const { log, tornBytes } = await DurableLog.open(folder, terms.checkpoint?.segment, (record) => {
    records += 1
    recovery.take(record)
    const request = repeatedBy(record)
    if (request !== null) repeated.push(request)
  })
  try {
    return { log, recovered: recovery.end(nowMs), repeated, records, tornBytes }
  } catch (error) {
    await log.close()
    throw error
  }
}
