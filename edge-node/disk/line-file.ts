import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { CannotRecover } from './disk'
import { DurableMark } from './durable-mark'

/** Lines on their way to a file. What comes while others are being written goes together in the next write. */
export class LineQueue {
  private readonly waiting: string[] = []
  private writing: Promise<void> = Promise.resolve()

  /** `write` is called for one batch at a time, and again with the same lines first after it rejected. */
  constructor(private readonly write: (lines: readonly string[]) => Promise<void>) {}

  push(line: string): void {
    this.waiting.push(line)
  }

  /** Resolves when all that was pushed is written. After it rejected, as `write` did, the next one tries again. */
  flush(): Promise<void> {
    const flushed = this.writing.then(() => this.writeWaiting())
    this.writing = flushed.catch(() => undefined)
    return flushed
  }

  private async writeWaiting(): Promise<void> {
    const count = this.waiting.length
    if (count === 0) return
    await this.write(this.waiting.slice(0, count))
    this.waiting.splice(0, count)
  }
}

const CHUNK_BYTES = 64 * 1024
const NEWLINE = 10
const ADVICE =
  'Nothing was changed. Restore the file from a copy; `spillway check-data DATA_DIR` says what else is sound'

/**
 * A file of lines that only grows, each with a checksum. Beside it a mark says how much of it was on disk. One append
 * at a time.
 */
export class LineFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly mark: DurableMark,
    private sound: number,
    /** Bytes of a torn append that were cut off: nobody was told that they are there. */
    readonly tornBytes: number,
  ) {}

  /**
   * Opens the file, made when absent, and cuts off the end of an append that was torn. Rejects with CannotRecover when
   * a line that was on disk is damaged or missing.
   */
  static async open(path: string): Promise<LineFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const handle = await open(path, 'a+', 0o600)
    try {
      const { lines, size, marked } = await linesOf(path)
      const soundBytes = soundEnd(lines, size, marked, path)
      await handle.truncate(soundBytes)
      const folder = await open(dirname(path), 'r')
      await folder.sync().finally(() => folder.close())
      return new LineFile(path, handle, new DurableMark(markOf(path)), soundBytes, size - soundBytes)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** How much of the file is on disk for sure: readers stop there. */
  get soundBytes(): number {
    return this.sound
  }

  /** Resolves when the lines are on disk. After it rejected, with the error of the disk, none of them is there. */
  async append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map(withChecksum).join(''))
    await this.handle.truncate(this.sound) // a write that failed half-way may have left a part
    await this.handle.appendFile(bytes)
    await this.handle.datasync()
    this.sound += bytes.length
    await this.mark.write(this.sound)
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** A line, where it begins, and where the next one does. */
export interface PlacedLine {
  readonly at: number
  readonly next: number
  /** Without its checksum; null where it is damaged. */
  readonly line: string | null
}

/** The whole lines of a file from byte `from` to byte `to`, read piece by piece. */
export async function* readLines(path: string, from: number, to: number): AsyncGenerator<PlacedLine> {
  const handle = await open(path, 'r')
  try {
    let rest: Buffer = Buffer.alloc(0)
    for (let at = from, readTo = from; readTo < to; ) {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(CHUNK_BYTES),
        0,
        Math.min(CHUNK_BYTES, to - readTo),
        readTo,
      )
      if (bytesRead === 0) return
      readTo += bytesRead
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      let start = 0
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
        const line = withoutChecksum(rest.toString('utf8', start, end))
        const next = at + end + 1 - start
        yield { at, next, line }
        at = next
        start = end + 1
      }
      rest = rest.subarray(start)
    }
  } finally {
    await handle.close()
  }
}

/** Deletes a file and its mark. */
export async function deleteLineFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(markOf(path), { force: true })
}

/** What reading a file of lines found; changes nothing. Rejects with CannotRecover. */
export async function inspectLines(path: string): Promise<{ readonly lines: number; readonly tornBytes: number }> {
  const { lines, size, marked } = await linesOf(path)
  const end = soundEnd(lines, size, marked, path)
  return { lines: lines.filter(({ at }) => at < end).length, tornBytes: size - end }
}

/**
 * What is wrong with a file of lines: which lines are damaged, and how much of its end is missing; null when it can be
 * opened.
 */
export async function lineDamage(path: string): Promise<LineDamage | null> {
  const { lines, size, marked } = await linesOf(path)
  try {
    soundEnd(lines, size, marked, path)
    return null
  } catch (error) {
    if (!(error instanceof CannotRecover)) throw error
    const end = lines.at(-1)?.next ?? 0
    const torn = end < size ? [{ at: end, next: size }] : []
    const places = lines.filter(({ isSound }) => !isSound).map(({ at, next }) => ({ at, next }))
    return { places: [...places, ...torn], missingBytes: Math.max(0, (marked ?? 0) - size) }
  }
}

/** Lines that cannot be read, by where they begin and end. */
export interface LineDamage {
  readonly places: readonly Pick<PlacedLine, 'at' | 'next'>[]
  readonly missingBytes: number
}

async function linesOf(path: string) {
  const { size } = await stat(path)
  return { size, lines: await checkedLines(path, size), marked: await new DurableMark(markOf(path)).read() }
}

/** The refusal of a file with a line that was on disk and cannot be read. */
export const damagedLine = (path: string, byte: number): CannotRecover =>
  new CannotRecover(`${path} cannot be read: the line at byte ${byte} is damaged. ${ADVICE}`)

/** The mark beside a file. Whoever moves the file away takes it along. */
export const markOf = (path: string): string => `${path}.mark`

/** A tab, which JSON never contains: `cut -f 1` leaves the JSON. */
const withChecksum = (line: string) => `${line}\t${checksum(line)}\n`

const checksum = (line: string) => crc32(line).toString(16).padStart(8, '0')

/** Lines of version 0.1.0 have no checksum: those are sound when they are JSON objects. */
function withoutChecksum(stored: string): string | null {
  const line = stored.slice(0, -9)
  if (stored.at(-9) === '\t' && stored.slice(-8) === checksum(line)) return line
  try {
    JSON.parse(stored)
    return stored.endsWith('}') ? stored : null
  } catch {
    return null
  }
}

type CheckedLine = Pick<PlacedLine, 'at' | 'next'> & { readonly isSound: boolean }

async function checkedLines(path: string, size: number): Promise<CheckedLine[]> {
  const lines: CheckedLine[] = []
  for await (const { at, next, line } of readLines(path, 0, size)) lines.push({ at, next, isSound: line !== null })
  return lines
}

/**
 * Where the sound lines of a file end. What the mark covers was on disk; behind it can only be the last append, whose
 * pages reach the disk in any order, so it is cut off from its first unsound line on. Where the mark cannot be read,
 * only an end without a sound line behind it can have been torn.
 */
function soundEnd(lines: readonly CheckedLine[], size: number, marked: number | null, path: string): number {
  const unsound = lines.find(({ isSound }) => !isSound)?.at ?? lines.at(-1)?.next ?? 0
  const isFollowed = lines.some(({ at, isSound }) => isSound && at > unsound)
  if (unsound < (marked ?? 0) && unsound === size)
    throw new CannotRecover(`${path} has ${size} bytes, and had ${marked} on disk: its end is missing. ${ADVICE}`)
  if (unsound < (marked ?? (isFollowed ? size : 0))) throw damagedLine(path, unsound)
  return unsound
}
