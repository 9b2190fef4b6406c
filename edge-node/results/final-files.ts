import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FinalRecord } from '../../core/protocol/log-record'
import { CannotRecover } from '../disk/disk'
import { decodeFinalLines, encodeFinalLine, type FinalLine, type Taken } from './final-lines'

const MAX_FILE_BYTES = 1024 * 1024 // some 2,500 finals: deleted as a whole, read at once

/** Who is told of what the files hold. */
export interface FinalReader {
  /** The number of the first final. */
  begin(number: number): void
  final(final: FinalRecord): void
}

/** A file of which the end is known. */
interface Sound {
  readonly number: number
  readonly bytes: number
}

/**
 * The final records, in files that only grow: `finals/<number of the first>.ndjson`. The log is what makes a window
 * final; a checkpoint is written only after the finals that the log before it has are here, so that it need not hold
 * them. Files whose finals retention took away are deleted whole.
 */
export class FinalFiles {
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly folder: string,
    private readonly maxFileBytes: number,
    /** Numbers of the first finals of the files, oldest first. */
    private readonly numbers: number[],
    private next: number,
    private newest: Sound | null,
    private gone: Taken,
  ) {}

  /** Reads all there is. Rejects with CannotRecover when something that was there is not any more. */
  static async open(folder: string, reader: FinalReader, maxFileBytes = MAX_FILE_BYTES): Promise<FinalFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(folder)).filter((name) => /^\d{16}\.ndjson$/.test(name)).sort()
    const files = new FinalFiles(folder, maxFileBytes, [], 0, null, { before: 0, toMs: null })
    for (const name of names) await files.read(Number.parseInt(name, 10), name === names.at(-1), reader)
    const [first] = files.numbers
    if (first !== undefined && first > files.gone.before)
      throw new CannotRecover(
        `${folder} has no finals before number ${first}, and retention took away only those before ${files.gone.before}; restore its files from a backup`,
      )
    return files
  }

  /** How many finals there are in them, those included that were taken away: the number of the next one. */
  get count(): number {
    return this.next
  }

  get taken(): Taken {
    return this.gone
  }

  /** Where the finals end, for messages. */
  get end(): string {
    return this.newest === null
      ? `${this.folder} is empty`
      : `${this.path(this.newest.number)} ends at byte ${this.newest.bytes}`
  }

  /** Resolves when they are on disk. After it rejected, with the error of the disk, the same may be appended again. */
  append(finals: readonly FinalRecord[]): Promise<void> {
    return this.inTurn(async () => {
      const fresh = finals.filter(({ number }) => number >= this.next)
      if (fresh.length === 0) return
      if (fresh[0]!.number !== this.next) throw new Error(`final ${fresh[0]!.number} follows ${this.next - 1}`)
      await this.write(fresh)
      this.next += fresh.length
    })
  }

  /** Notes durably that finals were taken away, before their results are; a start goes on from there. */
  take(taken: Taken): Promise<void> {
    return this.inTurn(async () => {
      await this.write([{ type: 'taken', ...taken }])
      this.gone = taken
    })
  }

  /** Deletes the files of which every final was taken away; the newest stays. */
  deleteTaken(): Promise<void> {
    return this.inTurn(async () => {
      while (this.numbers.length > 1 && this.numbers[1]! <= this.gone.before) {
        await rm(this.path(this.numbers[0]!), { force: true })
        this.numbers.shift()
      }
    })
  }

  private async read(number: number, isNewest: boolean, reader: FinalReader): Promise<void> {
    const path = this.path(number)
    const bytes = await readFile(path)
    const { lines, soundBytes, isSoundAfter } = decodeFinalLines(bytes)
    if (soundBytes < bytes.length && (isSoundAfter || !isNewest))
      throw new CannotRecover(
        `${path} is damaged at byte ${soundBytes}: final records after number ${this.next + countOf(lines) - 1} cannot be read; restore the file from a backup`,
      )
    const [begin] = lines
    if (begin === undefined && isNewest) return // a crash came while it was made
    const isFirst = this.numbers.length === 0
    if (begin?.type !== 'begin' || begin.number !== number || (!isFirst && number !== this.next))
      throw new CannotRecover(
        `${path} does not go on where the finals before it end, at number ${this.next}; restore the files of its folder from a backup`,
      )
    if (isFirst) reader.begin(number)
    this.next = number
    for (const line of lines) this.takeUp(line, path, reader)
    this.numbers.push(number)
    this.newest = { number, bytes: soundBytes }
  }

  private takeUp(line: FinalLine, path: string, reader: FinalReader): void {
    switch (line.type) {
      case 'begin':
      case 'taken':
        this.gone = { before: line.before, toMs: line.toMs }
        return
      case 'final':
        if (line.number !== this.next)
          throw new CannotRecover(`${path} has final ${line.number} after ${this.next - 1}; restore it from a backup`)
        this.next += 1
        reader.final(line)
    }
  }

  private async write(lines: readonly FinalLine[]): Promise<void> {
    const isFull = this.newest === null || this.newest.bytes >= this.maxFileBytes
    const number = isFull ? this.next : this.newest!.number
    const from = isFull ? 0 : this.newest!.bytes
    const begin: FinalLine[] = isFull ? [{ type: 'begin', number, ...this.gone }] : []
    const bytes = Buffer.from([...begin, ...lines].map(encodeFinalLine).join(''))
    const handle = await open(this.path(number), isFull ? 'w' : 'r+', 0o600)
    try {
      await handle.truncate(from) // a write that failed half-way may have left a part
      await writeAt(handle, bytes, from)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    if (isFull) await this.begun(number)
    this.newest = { number, bytes: from + bytes.length }
  }

  private async begun(number: number): Promise<void> {
    const folder = await open(this.folder, 'r')
    await folder.sync().finally(() => folder.close())
    if (this.numbers.at(-1) !== number) this.numbers.push(number)
  }

  /** One write at a time. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.writing.then(work)
    this.writing = done.catch(() => undefined)
    return done
  }

  private path(number: number): string {
    return join(this.folder, `${String(number).padStart(16, '0')}.ndjson`)
  }
}

const countOf = (lines: readonly FinalLine[]): number => lines.filter(({ type }) => type === 'final').length

async function writeAt(handle: FileHandle, bytes: Buffer, from: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written, bytes.length - written, from + written)).bytesWritten
  }
}
