import type { Row } from '../../core/pipeline/pipeline'
import type { FinalRecord } from '../../core/protocol/log-record'
import type { LatestAnswer } from '../observe/feed'

const MAX_WINDOWS = 60 // looked through, newest first
// looked at for one answer, and in one window: some ten milliseconds of the thread that also takes events
const MAX_ROWS = 50_000

/** The final windows, as `Results` has them. */
export interface Finals {
  readonly count: number
  since(number: number): readonly FinalRecord[]
  /** No rows where they are lost. */
  rowsOrError(final: FinalRecord): Promise<{ readonly rows: readonly Row[] }>
}

/**
 * The newest final row of each key that has `search` in it, upper and lower case alike; windows of very many keys are
 * passed over.
 */
export async function latestRows(finals: Finals, search: string, limit: number): Promise<LatestAnswer> {
  const wanted = search.toLowerCase()
  const seen = new Set<string>()
  const rows: LatestAnswer['rows'][number][] = []
  let looked = 0
  let windows = 0
  for (const final of newestFirst(finals)) {
    if (looked + final.rows > MAX_ROWS) continue
    looked += final.rows
    windows += 1
    const { rows: all } = await finals.rowsOrError(final)
    for (const row of all) {
      if (seen.has(row.key) || !row.key.toLowerCase().includes(wanted)) continue
      seen.add(row.key)
      if (rows.length < limit) rows.push({ start: final.startMs, end: final.endMs, row })
    }
  }
  return { rows, found: seen.size, windows }
}

/** Of those that became final last, the ones with the latest times first. */
function newestFirst(finals: Finals): FinalRecord[] {
  return [...finals.since(Math.max(0, finals.count - MAX_WINDOWS))].sort((a, b) => b.startMs - a.startMs)
}
