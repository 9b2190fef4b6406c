import type { LogRecord } from '../../core/log-record'
import { DurableLog } from '../../edge-node/log'

/** Opens a log and keeps the records that it reads. */
export async function openLog(folder: string, fromSegment = 0) {
  const records: LogRecord[] = []
  const opened = await DurableLog.open(folder, fromSegment, (record) => records.push(record))
  return { ...opened, records }
}
