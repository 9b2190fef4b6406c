import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineGenerator } from '../load/line-generator'
import type { Schedule } from '../load/schedule'

const SLICE_MS = 10

/**
 * Sends the events of a schedule, a line each, at their times, and keeps them in a file for the check. Returns how many
 * there were. Every event carries the time at which it was due.
 */
export async function sendLoad(
  schedule: Schedule,
  lineOf: LineGenerator,
  to: Writable,
  keptFile: string,
): Promise<number> {
  const kept = createWriteStream(keptFile)
  const startMs = Date.now()
  let sent = 0
  for (let batch = 0; sent < schedule.total; batch++) {
    const elapsedMs = Date.now() - startMs
    const lines: string[] = []
    for (; sent < schedule.total && schedule.timeOf(sent) <= elapsedMs; sent++) {
      lines.push(lineOf(sent, Math.round(startMs + schedule.timeOf(sent))))
    }
    if (lines.length > 0) {
      kept.write(`${JSON.stringify(acceptedBatch(`batch-${batch}`, lines))}\n`)
      if (!to.write(`${lines.join('\n')}\n`)) await once(to, 'drain')
    }
    await sleep(SLICE_MS)
  }
  to.end()
  kept.end()
  await once(kept, 'close')
  return sent
}

/** As `npm run load` writes what an edge node accepted: of this load nothing is to be late or rejected. */
const acceptedBatch = (key: string, lines: readonly string[]) => ({
  ...{ key, horizon: null, accepted: lines.length, late: 0, partlyLate: 0 },
  lines,
})
