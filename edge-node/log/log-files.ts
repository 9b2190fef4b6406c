import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CannotRecover } from '../disk/disk'
import { eventsIn, recordOf } from './log-codec'
import { readablePayloads } from './log-reader'

/** A segment as its name and its first record tell. */
export interface Segment {
  readonly number: number
  /** Offset of the first event that can be in it. */
  readonly firstOffset: number
}

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(12, '0')}.log`)

/** The numbers of the segments in a folder, in order. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{12}\.log$/.test(name)).sort()
  return names.map((name) => Number.parseInt(name, 10))
}

export const readSegment = (folder: string, number: number): Promise<Buffer> => readFile(segmentPath(folder, number))

/**
 * The lines of the events `[firstOffset, firstOffset + count)`. Rejects with CannotRecover when a segment that held
 * them is gone or damaged.
 */
export async function readLines(
  folder: string,
  segments: readonly Segment[],
  firstOffset: number,
  count: number,
): Promise<string[]> {
  const end = firstOffset + count
  const lines: string[] = []
  const all = [...segments] // the oldest may be let go meanwhile
  for (const [place, segment] of all.entries()) {
    const nextOffset = all[place + 1]?.firstOffset ?? Number.POSITIVE_INFINITY
    if (nextOffset <= firstOffset || segment.firstOffset >= end) continue
    for (const payload of readablePayloads(await readSegment(folder, segment.number))) {
      for (const line of linesWithin(payload, firstOffset, end)) lines.push(line)
    }
  }
  if (lines.length !== count)
    throw new CannotRecover(
      `the log has ${lines.length} of the ${count} events from offset ${firstOffset}; \`spillway check-data DATA_DIR\` says what is damaged`,
    )
  return lines
}

/** Those lines of a record that are of events `[firstOffset, end)`. */
function linesWithin(payload: Buffer, firstOffset: number, end: number): readonly string[] {
  const events = eventsIn(payload)
  if (events === null || events.firstOffset >= end || events.firstOffset + events.count <= firstOffset) return []
  const record = recordOf(payload)
  if (record.type !== 'request') return []
  return record.lines.slice(Math.max(0, firstOffset - record.firstOffset), end - record.firstOffset)
}

/** Opens a segment for appending, made when absent; its name is durable before anything in it counts. */
export async function openSegment(folder: string, number: number): Promise<FileHandle> {
  const handle = await open(segmentPath(folder, number), 'a', 0o600)
  try {
    const directory = await open(folder, 'r')
    await directory.sync().finally(() => directory.close())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

export const deleteSegment = (folder: string, number: number): Promise<void> =>
  rm(segmentPath(folder, number), { force: true })
