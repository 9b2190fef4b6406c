import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineGenerator } from '../load/events/random'
import type { Schedule } from '../load/schedule/schedule'

const SLICE_MS = 10

/** A part of the events, which may have a key, and come later than they are due. */
export interface Stream {
  readonly key: string | null
  /** When an event goes that is due then; both are ms from the start, and neither falls. */
  sentAtMs(dueMs: number): number
  takes(event: number): boolean
}

const asDue = (dueMs: number) => dueMs

/** All events, as they are due. */
export const ONE_STREAM: readonly Stream[] = [{ key: null, sentAtMs: asDue, takes: () => true }]

/** Partitions of a topic for `withSlowPartition`. */
export const PARTITIONS_WITH_SLOW = 6

/**
 * An eighth of the events goes to one partition and comes later and later, up to `delayMs`: it is never silent, since
 * Flink would not wait for it then. The others go to two partitions, and three stay empty. Of six partitions Kafka's hash
 * gives these keys three different ones.
 */
export const withSlowPartition = (delayMs: number): readonly Stream[] => [
  { key: KEYS.slow, sentAtMs: (dueMs) => dueMs + Math.min(dueMs, delayMs), takes: (event) => event % 8 === 0 },
  { key: KEYS.even, sentAtMs: asDue, takes: (event) => event % 8 !== 0 && event % 2 === 0 },
  { key: KEYS.odd, sentAtMs: asDue, takes: (event) => event % 2 === 1 },
]

const KEYS = { slow: 'a', even: 'b', odd: 'd' } as const

/** A load, and where it goes. */
export interface LoadToSend {
  readonly schedule: Pick<Schedule, 'total' | 'timeOf'>
  /** Epoch time at which it begins. In the past, everything that is due already goes at once. */
  readonly startMs: number
  readonly lineOf: LineGenerator
  readonly streams: readonly Stream[]
  /** Gets a record a line. */
  readonly to: Writable
  /** Gets everything that was sent, for the check. */
  readonly keptFile: string
}

/**
 * Sends the events of a schedule at their times. Every event carries the time at which it was due. Returns how many there
 * were.
 */
export async function sendLoad(load: LoadToSend): Promise<number> {
  const { schedule, startMs, streams, to, keptFile } = load
  const kept = createWriteStream(keptFile)
  const next = streams.map(() => 0)
  let sent = 0
  for (let slice = 0; next.some((event) => event < schedule.total); slice++) {
    const elapsedMs = Date.now() - startMs
    for (const [index, stream] of streams.entries()) {
      const from = next[index]!
      const until = endOfSlice(schedule, from, elapsedMs, stream)
      next[index] = until
      const lines = linesOf(load, stream, from, until)
      if (lines.length === 0) continue
      sent += lines.length
      await keep(kept, `batch-${slice}-${index}`, lines)
      const records = stream.key === null ? lines : lines.map((line) => `${stream.key}\t${line}`)
      if (!to.write(`${records.join('\n')}\n`)) await once(to, 'drain')
    }
    await sleep(SLICE_MS)
  }
  to.end()
  kept.end()
  await once(kept, 'close')
  return sent
}

const MOST_AT_ONCE = 10_000 // events; more of them would be one long line of the file

function endOfSlice(
  { total, timeOf }: LoadToSend['schedule'],
  from: number,
  elapsedMs: number,
  { sentAtMs }: Stream,
): number {
  let event = from
  while (event < total && event - from < MOST_AT_ONCE && sentAtMs(timeOf(event)) <= elapsedMs) event += 1
  return event
}

function linesOf({ schedule, startMs, lineOf }: LoadToSend, { takes }: Stream, from: number, until: number): string[] {
  const lines: string[] = []
  for (let event = from; event < until; event++) {
    if (takes(event)) lines.push(lineOf(event, Math.round(startMs + schedule.timeOf(event))))
  }
  return lines
}

/** As `spillway load` writes what an edge node accepted: of this load nothing is to be late or rejected. */
async function keep(kept: WriteStream, key: string, lines: readonly string[]): Promise<void> {
  const batch = { key, horizon: null, accepted: lines.length, late: 0, partlyLate: 0, lines }
  if (!kept.write(`${JSON.stringify(batch)}\n`)) await once(kept, 'drain')
}
