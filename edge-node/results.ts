import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, pack, unpack } from '../cloud/packing'
import type { FinalRecord } from '../core/log-record'
import type { Row } from '../core/pipeline'

const MAX_STORING = 16 // windows written at once: each has a file open, of which a process may have no more than 256
const MAX_FILE_BYTES = 500 * 1024 * 1024 // of JSON: what the limit on keys allows, and near the longest string that Node can hold
const CACHED_ROWS = 200_000 // rows kept in memory for readers of recent windows

/** A page of final windows. `next` continues it. */
export interface WindowPage {
  readonly windows: readonly (ServedWindow & { readonly rows: readonly Row[] })[]
  readonly next: string | null
}

export interface ServedWindow {
  readonly start: number
  readonly end: number
  readonly version: string
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
}

export interface WindowQuery {
  readonly fromMs: number
  readonly toMs: number
  readonly key: string | null
  /** Most rows in a page; a window without rows counts as one. */
  readonly limit: number
  readonly cursor: string | null
}

/**
 * The final windows. Rows lie in one file for each window, on disk before the final record that names their digest; the index is rebuilt from the
 * log's final records.
 */
export class Results {
  /** In the order in which they became final. */
  private readonly finals: FinalRecord[] = []
  /** By start, then end: the order in which they are served. */
  private readonly ordered: FinalRecord[] = []
  private readonly bounds = new Set<string>()
  private readonly cache = new Map<string, readonly Row[]>()
  private cachedRows = 0
  private storing = 0
  private readonly waiting: (() => void)[] = []

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<Results> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new Results(folder)
  }

  /** Puts the rows on disk and returns their digest. Not visible before `publish`. */
  async store(startMs: number, endMs: number, rows: readonly Row[]): Promise<string> {
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

  /** Shows a window whose final record is in the log. */
  publish(final: FinalRecord): void {
    if (final.number !== this.finals.length) throw new Error(`final ${final.number} follows ${this.finals.length - 1}`)
    this.finals.push(final)
    this.bounds.add(boundsOf(final.startMs, final.endMs))
    this.ordered.splice(this.place(final), 0, final)
  }

  /** How many windows are final: the number of the next one. */
  get count(): number {
    return this.finals.length
  }

  isFinal(startMs: number, endMs: number): boolean {
    return this.bounds.has(boundsOf(startMs, endMs))
  }

  /** Finals from `number` on, in the order in which they became final. */
  since(number: number): readonly FinalRecord[] {
    return this.finals.slice(number)
  }

  async rows(final: FinalRecord): Promise<readonly Row[]> {
    const path = this.path(final.startMs, final.endMs, final.digest)
    const cached = this.cache.get(path)
    if (cached !== undefined) return cached
    const rows = unpack(await readFile(path), MAX_FILE_BYTES) as unknown as Row[]
    this.keep(path, rows)
    return rows
  }

  async page(query: WindowQuery): Promise<WindowPage> {
    const windows: (ServedWindow & { rows: readonly Row[] })[] = []
    const [after, skip] = decodeCursor(query.cursor)
    let room = query.limit
    for (const final of this.wanted(query, after)) {
      if (room <= 0) return { windows, next: encodeCursor(position(final), 0) }
      const all = await this.rows(final)
      const rows = query.key === null ? all : all.filter(({ key }) => key === query.key)
      const first = compare(position(final), after) === 0 ? skip : 0
      const page = rows.slice(first, first + room)
      windows.push({ ...served(final), rows: page })
      room -= Math.max(1, page.length)
      if (first + page.length < rows.length)
        return { windows, next: encodeCursor(position(final), first + page.length) }
    }
    return { windows, next: null }
  }

  /** A list of its own: windows become final while a page reads its rows. */
  private wanted({ fromMs, toMs }: WindowQuery, after: Position): FinalRecord[] {
    return this.ordered.filter(
      (final) => final.startMs >= fromMs && final.endMs <= toMs && compare(position(final), after) >= 0,
    )
  }

  private async write(startMs: number, endMs: number, rows: readonly Row[]): Promise<string> {
    const digest = digestOf(rows.map((row) => JSON.stringify(row)))
    const handle = await open(this.path(startMs, endMs, digest), 'w', 0o600)
    try {
      await handle.writeFile(pack(rows))
      await handle.datasync()
    } finally {
      await handle.close()
    }
    const folder = await open(this.folder, 'r')
    await folder.sync().finally(() => folder.close()) // the file's name is durable before a final record names it
    return digest
  }

  private keep(path: string, rows: readonly Row[]): void {
    if (this.cache.has(path)) return // two readers at once: its rows are counted already
    this.cache.set(path, rows)
    this.cachedRows += rows.length
    for (const [oldest, { length }] of this.cache) {
      if (this.cachedRows <= CACHED_ROWS || oldest === path) break
      this.cache.delete(oldest)
      this.cachedRows -= length
    }
  }

  private place(final: FinalRecord): number {
    let place = this.ordered.length
    while (place > 0 && compare(position(this.ordered[place - 1]!), position(final)) > 0) place -= 1
    return place
  }

  private path(startMs: number, endMs: number, digest: string): string {
    return join(this.folder, `${startMs}-${endMs}-${digest.slice(0, 16)}.json.gz`)
  }
}

/** A final window as readers see it. */
export const served = (final: FinalRecord): ServedWindow => ({
  start: final.startMs,
  end: final.endMs,
  version: final.version,
  accepted: final.accepted[0],
  edge: final.edge,
  burst: final.burst,
  deadLettered: final.deadLettered,
})

const boundsOf = (startMs: number, endMs: number) => `${startMs}-${endMs}`

type Position = readonly [startMs: number, endMs: number]
const position = ({ startMs, endMs }: FinalRecord): Position => [startMs, endMs]
const compare = (a: Position, b: Position) => a[0] - b[0] || a[1] - b[1]

/** A cursor that is none. Not retryable. */
export class InvalidCursor extends Error {
  readonly code = 'invalid_cursor'
}

const encodeCursor = ([startMs, endMs]: Position, row: number) => `${startMs}.${endMs}.${row}`

function decodeCursor(cursor: string | null): [Position, number] {
  if (cursor === null) return [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], 0]
  const match = /^(-?\d{1,16})\.(-?\d{1,16})\.(\d{1,9})$/.exec(cursor)
  if (match === null) throw new InvalidCursor('the cursor is none that this server gave; start again without it')
  return [[Number(match[1]), Number(match[2])], Number(match[3])]
}
