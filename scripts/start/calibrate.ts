import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { acceptedRecord } from '../load/delivery/accepted-file'
import type { Taken } from '../load/delivery/answer'
import type { LineGenerator } from '../load/events/random'
import type { EdgeClient } from '../processes/edge-process'

const BATCH = 100
const KEPT_WAITING = 300 // events kept waiting at the edge: always busy, never far behind
const WARM_UP_MS = 1_500
const MEASURE_MS = 2_500

/**
 * Measures the base capacity of an edge node in events per second: keeps it just busy, without bursting, and divides
 * what it folded by the time it was busy. Writes what was accepted to `acceptedFile`; the events count like any others.
 */
export async function measureCapacity(edge: EdgeClient, lines: LineGenerator, acceptedFile: string): Promise<number> {
  await edge.setMode('never')
  const accepted: string[] = []
  let sent = 0
  const keepBusy = async (forMs: number) => {
    for (const endMs = Date.now() + forMs; Date.now() < endMs; ) {
      if ((await edge.status()).edge.backlogEvents > KEPT_WAITING) await sleep(5)
      else {
        const batch = Array.from({ length: BATCH }, () => lines(sent++, Date.now()))
        const key = `capacity-${randomUUID()}`
        accepted.push(acceptedRecord(key, (await edge.send(key, batch)) as Taken, batch))
      }
    }
    return (await edge.status()).edge
  }
  const before = await keepBusy(WARM_UP_MS)
  const after = await keepBusy(MEASURE_MS)
  await writeFile(acceptedFile, accepted.join(''))
  // What still waits would look like the beginning of a spike.
  while ((await edge.status()).events.pending > 0) await sleep(20)
  await edge.setMode('auto')
  return ((after.folded - before.folded) / (after.busyMs - before.busyMs)) * 1000
}
