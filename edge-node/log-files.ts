import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogRecord } from '../core/log-record'
import { decodeRecords } from './log-codec'

/** A segment as its name and its first record tell. */
export interface Segment {
  readonly number: number
  /** Offset of the first event that can be in it. */
  readonly firstOffset: number
}

const HEAD_BYTES = 4096 // the first record of a segment says where it begins and is far smaller

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(12, '0')}.log`)

/** The segments of a folder in order; `firstOffset` is null for one without a sound first record. */
export async function listSegments(
  folder: string,
): Promise<{ readonly number: number; readonly firstOffset: number | null }[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{12}\.log$/.test(name)).sort()
  const segments: { number: number; firstOffset: number | null }[] = []
  for (const name of names) {
    const number = Number.parseInt(name, 10)
    const first = decodeRecords(await readHead(segmentPath(folder, number))).records[0]
    segments.push({ number, firstOffset: first?.type === 'segment' ? first.firstOffset : null })
  }
  return segments
}

/** The sound records of a segment, how long they are together, and how long the file is. */
export async function readSegment(
  folder: string,
  number: number,
): Promise<{ readonly records: LogRecord[]; readonly soundBytes: number; readonly bytes: number }> {
  const bytes = await readFile(segmentPath(folder, number))
  return { ...decodeRecords(bytes), bytes: bytes.length }
}

/** The lines of the events `[firstOffset, firstOffset + count)`. Rejects when a segment that held them is gone. */
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
    for (const record of (await readSegment(folder, segment.number)).records) {
      if (record.type !== 'request') continue
      const from = Math.max(0, firstOffset - record.firstOffset)
      const to = Math.min(record.lines.length, end - record.firstOffset)
      for (let line = from; line < to; line++) lines.push(record.lines[line]!)
    }
  }
  if (lines.length !== count)
    throw new Error(`the log has ${lines.length} of the ${count} events from offset ${firstOffset}`)
  return lines
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

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
