import { writeFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineGenerator } from '../load/events/random'
import type { StartedSidecar } from './sidecar-process'

/** What has to be up before a load is sent. */
export interface WarmUp {
  readonly to: Writable
  readonly sidecar: Pick<StartedSidecar, 'facts'>
  readonly lineOf: LineGenerator
  /** Gets what was sent, for the check. */
  readonly keptFile: string
}

export const WARM_EVENTS = 4 // so few that they change no percentile
const LOOK_EVERY_MS = 100
const MOST_MS = 120_000

/**
 * Sends some events and waits until they are folded: the producer is a Java program that takes seconds to start, and the
 * first events of a load would have been due all that time. With none it returns at once.
 */
export async function warmUp({ to, sidecar, lineOf, keptFile }: WarmUp, events: number): Promise<void> {
  const before = await foldedBy(sidecar)
  const lines = Array.from({ length: events }, (_, event) => lineOf(event, Date.now()))
  const batch = { key: 'warm-up', horizon: null, accepted: lines.length, late: 0, partlyLate: 0, lines }
  await writeFile(keptFile, events === 0 ? '' : `${JSON.stringify(batch)}\n`)
  if (events === 0) return
  to.write(`${lines.join('\n')}\n`)
  const deadlineMs = performance.now() + MOST_MS
  while ((await foldedBy(sidecar)) < before + events) {
    if (performance.now() > deadlineMs) throw new Error('no event came through the job; see its logs')
    await sleep(LOOK_EVERY_MS)
  }
}

async function foldedBy(sidecar: WarmUp['sidecar']): Promise<number> {
  const { edge, burst, deadLettered } = (await sidecar.facts())?.events ?? { edge: 0, burst: 0, deadLettered: 0 }
  return edge + burst + deadLettered
}
