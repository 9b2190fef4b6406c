import type { AnswerPage } from '../../core/answer-block'
import type { LogRecord } from '../../core/log-record'
import { type Recovered, Recovery, type RecoveryTerms } from '../../edge-node/recovery'

/** What a start makes of records, and of pages of remembered keys, that are all there. */
export function recovered(
  terms: RecoveryTerms,
  records: Iterable<LogRecord>,
  nowMs: number,
  pages: readonly AnswerPage[] = [],
): Recovered {
  const recovery = new Recovery(terms)
  for (const page of pages) recovery.takeKeys(page)
  const last = pages.at(-1)
  recovery.keysTaken(last === undefined ? 0 : last.first + last.count)
  for (const record of records) recovery.take(record)
  return recovery.end(nowMs)
}
