import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

const CHUNK_BYTES = 64 * 1024
const NEWLINE = 10

/** A file of lines that only grows. One append at a time. */
export class LineFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private sound: number,
  ) {}

  /** Opens the file, made when absent, and cuts off a last line that was torn: nobody was told that it is there. */
  static async open(path: string): Promise<LineFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const handle = await open(path, 'a+', 0o600)
    const soundBytes = await bytesOfWholeLines(handle)
    await handle.truncate(soundBytes)
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
    return new LineFile(path, handle, soundBytes)
  }

  /** How much of the file is on disk for sure: readers stop there. */
  get soundBytes(): number {
    return this.sound
  }

  /** Resolves when the lines are on disk. After it rejected, with the error of the disk, none of them is there. */
  async append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    await this.handle.truncate(this.sound) // a write that failed half-way may have left a part
    await this.handle.appendFile(bytes)
    await this.handle.datasync()
    this.sound += bytes.length
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** A line, where it begins, and where the next one does. */
export interface PlacedLine {
  readonly at: number
  readonly next: number
  readonly line: string
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
        const line = rest.toString('utf8', start, end)
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

/** How many bytes a file has up to its last newline. */
async function bytesOfWholeLines(handle: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let end = (await handle.stat()).size; end > 0; ) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await handle.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf('\n')
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}
