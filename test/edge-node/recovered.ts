import type { LogRecord } from '../../core/log-record'
import { type Recovered, Recovery, type RecoveryTerms } from '../../edge-node/recovery'

/** What a start makes of records that are all there. */
export function recovered(terms: RecoveryTerms, records: Iterable<LogRecord>, nowMs: number): Recovered {
  const recovery = new Recovery(terms)
  for (const record of records) recovery.take(record)
  return recovery.end(nowMs)
}
