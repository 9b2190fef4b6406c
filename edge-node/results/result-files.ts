import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, pack, unpack } from '../../cloud/packing'
import type { Row } from '../../core/pipeline/pipeline'
import type { FinalRecord } from '../../core/protocol/log-record'

const MAX_STORING = 16 // windows written at once: each has a file open, of which a process may have no more than 256
// of JSON: what the limit on keys allows, and near the longest string that Node can hold
const MAX_FILE_BYTES = 500 * 1024 * 1024
/** Of one file, and not of the disk as a whole: it is not there, or some of its sectors are not. */
const LOST = ['ENOENT', 'EIO']

/** The rows of a final window cannot be read again. Not retryable; all else about the window is known. */
export class ResultDamaged extends Error {
  readonly code = 'result_damaged'
  readonly retryable = false
}

/** What was stored: the digest of the rows, and how much room they take. */
export interface Stored {
  readonly digest: string
  readonly bytes: number
}

/** The rows of windows, one file each, named after the window and the digest of its rows. */
export class ResultFiles {
  private storing = 0
  private readonly waiting: (() => void)[] = []

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<ResultFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new ResultFiles(folder)
  }

  /** Resolves when the rows are on disk. */
  async store(startMs: number, endMs: number, rows: readonly Row[]): Promise<Stored> {
    if (this.storing < MAX_STORING) this.storing += 1
    else await new Promise<void>((go) => this.waiting.push(go))
    try {
      return await this.write(startMs, endMs, rows)
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.storing -= 1
      else next() // it takes the place over
    }
  }

  /**
   * The rows whose digest the final names. Rejects with ResultDamaged when the file has others, or none that can be
   * read.
   */
  async read(final: FinalRecord): Promise<readonly Row[]> {
    const path = this.pathOf(final)
    const bytes = await readFile(path).catch((error) => {
      if (!LOST.includes(error.code)) throw error
      throw new ResultDamaged(`${path} cannot be read (${error.code})`)
    })
    const rows = rowsIn(bytes)
    if (rows === null || rowsDigest(rows) !== final.digest)
      throw new ResultDamaged(`${path} is damaged: it has not the rows that the window had when it became final`)
    return rows
  }

  /** Also when it is not there any more. */
  async remove(final: FinalRecord): Promise<void> {
    await rm(this.pathOf(final), { force: true })
  }

  /**
   * Removes files that `isGone` says no final needs: a crash kept them from being removed, or came before their final.
   */
  async sweep(isGone: (startMs: number, endMs: number) => boolean): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const bounds = /^(-?\d+)-(-?\d+)-[0-9a-f]{16}\.json\.gz$/.exec(name)
      if (bounds !== null && isGone(Number(bounds[1]), Number(bounds[2]))) await rm(join(this.folder, name))
    }
  }

  pathOf({ startMs, endMs, digest }: Pick<FinalRecord, 'startMs' | 'endMs' | 'digest'>): string {
    return join(this.folder, `${startMs}-${endMs}-${digest.slice(0, 16)}.json.gz`)
  }

  private async write(startMs: number, endMs: number, rows: readonly Row[]): Promise<Stored> {
    const digest = rowsDigest(rows)
    const packed = pack(rows)
    const handle = await open(this.pathOf({ startMs, endMs, digest }), 'w', 0o600)
    try {
      await handle.writeFile(packed)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    const folder = await open(this.folder, 'r')
    await folder.sync().finally(() => folder.close()) // the file's name is durable before a final record names it
    return { digest, bytes: packed.length }
  }
}

/** Digest of the rows of a window, wherever they are kept. */
export const rowsDigest = (rows: readonly Row[]): string => digestOf(rows.map((row) => JSON.stringify(row)))

function rowsIn(bytes: Uint8Array): readonly Row[] | null {
  try {
    const rows = unpack(bytes, MAX_FILE_BYTES)
    return Array.isArray(rows) ? (rows as unknown as Row[]) : null
  } catch {
    return null
  }
}
