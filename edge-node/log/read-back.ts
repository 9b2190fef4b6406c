import { join } from 'node:path'
import { type AnswerPage, textsIn } from '../../core/protocol/answer-block'
import { isReplayKey, type RepeatedRequest, repeatedBy } from '../dead-letters/replays'
import { givenUpBefore, KeyFiles } from './key-files'
import { DurableLog } from './log'
import { type Recovered, Recovery, type RecoveryTerms } from './recovery'

/** What a node takes up from its log. */
export interface ReadBack {
  readonly log: DurableLog
  readonly keys: KeyFiles
  readonly recovered: Recovered
  /** Requests with which events were sent again. */
  readonly repeated: readonly RepeatedRequest[]
  /** How many records were read. */
  readonly records: number
  /** Bytes of a torn tail that were cut off; nothing of it had been answered. */
  readonly tornBytes: number
}

/**
 * Opens the log and the keys of a data folder and rebuilds the state from them, record by record: all of them at once
 * may be more than fits memory. Rejects with CannotRecover.
 */
export async function readBack(dataDir: string, terms: RecoveryTerms, nowMs: number): Promise<ReadBack> {
  const recovery = new Recovery(terms)
  const old = (terms.checkpoint?.intake.answers ?? []).filter(([key]) => isReplayKey(key))
  const repeated: RepeatedRequest[] = old.map(([key, answer]) => ({ key, answer }))
  let records = 0
  const keysFolder = join(dataDir, 'keys')
  const givenUp = await givenUpBefore(keysFolder)
  const keys = await KeyFiles.open(keysFolder, (page: AnswerPage) => {
    recovery.giveUpKeys(Math.min(page.first, givenUp))
    recovery.takeKeys(page)
    repeated.push(...textsIn(page))
  })
  try {
    recovery.giveUpKeys(givenUp)
    recovery.keysTaken(keys.count)
    const { log, tornBytes } = await DurableLog.open(join(dataDir, 'log'), terms.checkpoint?.segment, (record) => {
      records += 1
      recovery.take(record)
      const request = repeatedBy(record)
      if (request !== null) repeated.push(request)
    })
    try {
      return { log, keys, recovered: recovery.end(nowMs), repeated, records, tornBytes: tornBytes + keys.tornBytes }
    } catch (error) {
      await log.close()
      throw error
    }
  } catch (error) {
    await keys.close()
    throw error
  }
}
