import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CannotRecover } from './disk'
import { deleteLineFile, LineFile, type PlacedLine, readLines } from './line-file'

/** Where a line is: the number of its file, and the byte at which it begins. */
export interface Place {
  readonly file: number
  readonly byte: number
}

export interface FoundLine extends Pick<PlacedLine, 'line'> {
  readonly place: Place
}

/**
 * Lines in the files of a folder, `<number>.ndjson`, oldest first. Whoever appends says what a new file is to be
 * called: the number of a file of dead letters is above the offset of every letter in the files before it, so a start
 * reads only the files that can hold what it looks for. Old files may be moved away at any time, with their marks.
 */
export class LineFolder {
  private constructor(
    private readonly folder: string,
    private readonly maxFileBytes: number,
    private readonly numbers: number[],
    private newest: LineFile,
  ) {}

  static async open(folder: string, maxFileBytes: number): Promise<LineFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found = await readdir(folder)
    const names = found.filter((name) => /^\d{16}\.ndjson$/.test(name)).sort()
    refuseOrphans(folder, found)
    const numbers = names.map((name) => Number.parseInt(name, 10))
    if (numbers.length === 0) numbers.push(0)
    return new LineFolder(folder, maxFileBytes, numbers, await LineFile.open(pathOf(folder, numbers.at(-1)!)))
  }

  /** The numbers of the files, oldest first. */
  get all(): readonly number[] {
    return this.numbers
  }

  /**
   * Resolves when the lines are on disk, in a new file when the newest is full; `aboveAll` is above every offset before
   * these lines.
   */
  async append(lines: readonly string[], aboveAll: number): Promise<void> {
    if (this.newest.soundBytes >= this.maxFileBytes) await this.begin(Math.max(aboveAll, this.numbers.at(-1)! + 1))
    await this.newest.append(lines)
  }

  /** The lines from a place on, in the order in which they were written; `null` means from the first. */
  async *from(place: Place | null): AsyncGenerator<FoundLine> {
    for (let file = this.fileFrom(place?.file ?? 0); file !== undefined; file = this.fileFrom(file + 1)) {
      yield* this.linesOf(file, file === place?.file ? place.byte : 0)
    }
  }

  /** The lines of one file; none when it was moved away. */
  async *linesOf(file: number, fromByte = 0): AsyncGenerator<FoundLine> {
    const path = pathOf(this.folder, file)
    const bytes = path === this.newest.path ? this.newest.soundBytes : await bytesOf(path)
    if (bytes <= fromByte) return
    for await (const { at, line } of readLines(path, fromByte, bytes)) yield { place: { file, byte: at }, line }
  }

  /**
   * The lines that begin within the last `bytes` of the files, but of the newest two at most; in the order in which
   * they were written.
   */
  async *tail(bytes: number): AsyncGenerator<FoundLine> {
    const newest = this.newest.soundBytes
    const [before, last] = [this.numbers.at(-2), this.numbers.at(-1)!]
    if (before !== undefined && newest < bytes) yield* this.endOf(before, bytes - newest)
    yield* this.endOf(last, bytes)
  }

  /**
   * Deletes the oldest files, whole: those that were last written before `beforeMs`, and as many more as it takes to
   * have `bytes` at most. The newest stays, and so do letters of events from `neededOffset` on.
   */
  async deleteBefore(beforeMs: number, bytes: number, neededOffset: number): Promise<void> {
    const found = await Promise.all(this.numbers.map((number) => statOf(pathOf(this.folder, number))))
    let left = found.reduce((sum, { size }) => sum + size, 0)
    for (const { size, mtimeMs } of found.slice(0, -1)) {
      const next = this.numbers[1]
      const isOver = mtimeMs < beforeMs || left > bytes
      if (next === undefined || next > neededOffset || !isOver) return
      await deleteLineFile(pathOf(this.folder, this.numbers[0]!))
      this.numbers.shift()
      left -= size
    }
  }

  /** Bytes of a torn append that were cut off the newest file when it was opened. */
  get tornBytes(): number {
    return this.newest.tornBytes
  }

  /** Where the file lies, for messages. */
  pathOf(file: number): string {
    return pathOf(this.folder, file)
  }

  async close(): Promise<void> {
    await this.newest.close()
  }

  private async *endOf(file: number, bytes: number): AsyncGenerator<FoundLine> {
    const path = pathOf(this.folder, file)
    const size = path === this.newest.path ? this.newest.soundBytes : await bytesOf(path)
    let isWhole = size <= bytes
    for await (const found of this.linesOf(file, Math.max(0, size - bytes))) {
      if (isWhole) yield found
      isWhole = true // what comes before the first line break is the rest of a line
    }
  }

  private async begin(number: number): Promise<void> {
    const next = await LineFile.open(pathOf(this.folder, number))
    await this.newest.close()
    this.newest = next
    this.numbers.push(number)
  }

  private fileFrom(number: number): number | undefined {
    return this.numbers.find((each) => each >= number)
  }
}

/** `id` of a place, for cursors and names. */
export const idOf = ({ file, byte }: Place): string => `${file}.${byte}`

/** The place that an id names; undefined when it is none. */
export function placeOf(id: string): Place | undefined {
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(id)
  return match === null ? undefined : { file: Number(match[1]), byte: Number(match[2]) }
}

/** A mark without its file: somebody has moved the file away and left the mark, or the file is lost. */
function refuseOrphans(folder: string, found: readonly string[]): void {
  const orphan = found.find((name) => name.endsWith('.mark') && !found.includes(name.slice(0, -'.mark'.length)))
  if (orphan === undefined) return
  const path = join(folder, orphan)
  throw new CannotRecover(
    `${path} has no file beside it any more. If you moved that away, move the mark along; else restore the file from a copy`,
  )
}

const pathOf = (folder: string, number: number): string => join(folder, `${String(number).padStart(16, '0')}.ndjson`)

/** Of a file that was moved away: nothing, long ago. */
const statOf = (path: string): Promise<{ readonly size: number; readonly mtimeMs: number }> =>
  stat(path).catch(() => ({ size: 0, mtimeMs: 0 }))

const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
