import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type AnswerPage, isWhole } from '../../core/protocol/answer-block'
import type { KeySpan } from '../../core/protocol/remembered-answers'
import { CannotRecover } from '../disk/disk'
import { damagedLine, readLines } from '../disk/line-file'
import { LineFolder } from '../disk/line-folder'

const MAX_FILE_BYTES = 4 * 1024 * 1024 // some 60,000 keys: deleted as a whole, checked in a fraction of a second
const GIVEN_UP = 'given-up'
const PAGES_AT_ONCE = 16 // a megabyte in memory, and a single wait for the disk

const rejected = z.object({ line: z.number(), code: z.string(), reason: z.string() })
const extra = z.object({
  rejected: z.array(rejected).optional(),
  moreRejected: z.number().optional(),
  mayPass: z.literal(true).optional(),
})
const pageSchema = z.object({
  first: z.number(),
  count: z.number(),
  /** The rows of `core/protocol/answer-block.ts`, in base64. */
  rows: z.string(),
  extras: z.array(z.tuple([z.number(), extra.extend({ key: z.string().optional() })])),
})

/** What the keys need of their files; a simulation has its own. */
export type KeyFolder = Pick<LineFolder, 'all' | 'append' | 'from' | 'close'> &
  Partial<Pick<LineFolder, 'deleteBefore' | 'pathOf' | 'tornBytes'>>

/**
 * The remembered idempotency keys, a page of them a line, in files that only grow: `keys/<number of the first>.ndjson`.
 * A checkpoint is written only after the keys that the log before it has are here, so that it need not hold them. Files
 * all of whose keys are past their time are deleted whole.
 */
export class KeyFiles {
  private constructor(
    private readonly files: KeyFolder,
    private next: number,
  ) {}

  /**
   * Opens the files of a folder, made when absent, and gives the pages that there are, oldest first. Rejects with
   * CannotRecover when one of them is damaged.
   */
  static async open(
    folder: string,
    take: (page: AnswerPage) => void,
    maxFileBytes = MAX_FILE_BYTES,
  ): Promise<KeyFiles> {
    return KeyFiles.over(await LineFolder.open(folder, maxFileBytes), take)
  }

  /** The same over files that are open. Closes them when it rejects. */
  static async over(files: KeyFolder, take: (page: AnswerPage) => void): Promise<KeyFiles> {
    let next = 0
    try {
      for await (const { place, line } of files.from(null)) {
        const page = line === null ? null : decodePage(line)
        if (page === null) throw damagedLine(files.pathOf?.(place.file) ?? 'keys', place.byte)
        take(page)
        next = Math.max(next, page.first + page.count)
      }
    } catch (error) {
      await files.close()
      throw error
    }
    return new KeyFiles(files, next)
  }

  /** The number of the next key to be written. */
  get count(): number {
    return this.next
  }

  /** Bytes of a torn append that were cut off when the files were opened. */
  get tornBytes(): number {
    return this.files.tornBytes ?? 0
  }

  /** Resolves when the pages are on disk. After it rejected, with the error of the disk, what is missing is `count`. */
  async append(pages: AsyncIterable<AnswerPage>): Promise<void> {
    let batch: AnswerPage[] = []
    for await (const page of pages) {
      batch.push(page)
      if (batch.length < PAGES_AT_ONCE) continue
      await this.write(batch)
      batch = []
    }
    if (batch.length > 0) await this.write(batch)
  }

  /** Deletes the oldest files, but none with a key from `neededFrom` on. */
  async deleteBefore(neededFrom: number): Promise<void> {
    await this.files.deleteBefore?.(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, neededFrom)
  }

  async close(): Promise<void> {
    await this.files.close()
  }

  private async write(pages: readonly AnswerPage[]): Promise<void> {
    await this.files.append(pages.map(encodePage), pages[0]!.first)
    const last = pages.at(-1)!
    this.next = last.first + last.count
  }
}

/** Keys that follow each other, from a number to before another. */
export interface KeyRange {
  readonly from: number
  readonly to: number
}

/** What a folder of keys lacks of a span. */
export interface MissingKeys {
  readonly missing: readonly KeyRange[]
  /** Those that somebody has given up: a start goes on without them. */
  readonly givenUp: readonly KeyRange[]
}

/** Reads a folder of keys and says what of a span is not there. Changes nothing. */
export async function keysMissing(folder: string, span: KeySpan): Promise<MissingKeys> {
  const gaps: KeyRange[] = []
  let next = span.first
  const upTo = (first: number) => {
    if (first > next) gaps.push({ from: next, to: first })
  }
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.ndjson')).sort()
  for (const path of names.map((name) => join(folder, name))) {
    for await (const { line } of readLines(path, 0, Number.POSITIVE_INFINITY)) {
      const page = line === null ? null : decodePage(line)
      if (page === null) continue
      upTo(Math.min(page.first, span.next))
      next = Math.max(next, Math.min(page.first + page.count, span.next))
    }
  }
  upTo(span.next)
  const before = await givenUpBefore(folder)
  const missing = gaps.map(({ from, to }) => ({ from: Math.max(from, before), to })).filter(({ from, to }) => from < to)
  const givenUp = gaps.map(({ from, to }) => ({ from, to: Math.min(to, before) })).filter(({ from, to }) => from < to)
  return { missing, givenUp }
}

/** Such keys in words. */
export const keysInWords = ({ from, to }: KeyRange): string => `the idempotency keys from number ${from} to ${to - 1}`

/** Notes in a folder of keys that a start goes on without those before a number that are missing. */
export async function giveUpKeys(folder: string, before: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, GIVEN_UP), `${before}\n`, { mode: 0o600 })
}

/** The number before which somebody has given up the keys that are missing; 0 where nobody has. */
export async function givenUpBefore(folder: string): Promise<number> {
  const text = await readFile(join(folder, GIVEN_UP), 'utf8').catch(() => '')
  return /^\d{1,15}\n$/.test(text) ? Number(text) : 0
}

/** The refusal of files that lack keys which a checkpoint knows of. */
export const missingKeys = (from: number, to: number): CannotRecover =>
  new CannotRecover(
    `the files of keys lack ${keysInWords({ from, to })}: a request that is repeated under one of them would count twice. Nothing was changed. Restore the folder \`keys\` from a copy, or give them up with \`spillway check-data DATA_DIR --repair\``,
  )

const encodePage = ({ first, count, rows, extras }: AnswerPage): string =>
  JSON.stringify({
    first,
    count,
    rows: Buffer.from(rows.buffer, rows.byteOffset, rows.length).toString('base64'),
    extras,
  })

function decodePage(line: string): AnswerPage | null {
  const parsed = pageSchema.safeParse(JSON.parse(line))
  if (!parsed.success) return null
  const page = { ...parsed.data, rows: Buffer.from(parsed.data.rows, 'base64') } as AnswerPage
  return isWhole(page) ? page : null
}
