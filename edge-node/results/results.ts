// For: final windows are kept and served.
// In: rows and final records.
// Out: pages of windows for readers, until retention takes them away.

import type { Row } from '../../core/pipeline/pipeline'
import type { FinalRecord } from '../../core/protocol/log-record'
import { FinalColumns } from './final-columns'
import { ResultDamaged, ResultFiles, rowsDigest, type Stored } from './result-files'

const CACHED_ROWS = 200_000 // rows kept in memory for readers of recent windows
const MAX_SINCE = 1_000 // records made at once, for whoever reads on
const REMOVED_AT_ONCE = 16 // as many files as are written at once

/** A page of final windows. `next` continues it. */
export interface WindowPage {
  readonly windows: readonly (ServedWindow & { readonly rows: readonly Row[]; readonly error?: WindowError })[]
  readonly next: string | null
  /** Windows that end at or before it may have been taken away by retention; null when none was. */
  readonly takenBefore: number | null
}

/** Why a window is served without its rows. */
export interface WindowError {
  readonly code: ResultDamaged['code']
  readonly message: string
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

/** Gives the rows of a window from elsewhere; null where there are none. */
export type Elsewhere = (final: FinalRecord) => Promise<readonly Row[] | null>

/**
 * The final windows. Rows lie in one file for each window, on disk before the final record that names their digest;
 * what is in memory is an index of plain numbers.
 */
export class Results {
  private readonly finals = new FinalColumns()
  /** Numbers by start, then end: the order in which they are served. */
  private ordered: number[] = []
  private readonly cache = new Map<string, readonly Row[]>()
  private cachedRows = 0
  private takenToMs = Number.NEGATIVE_INFINITY
  /** Numbers of the windows whose rows could not be read, and whether there are none elsewhere for sure. */
  private readonly unreadable = new Map<number, { readonly message: string; readonly isLost: boolean }>()

  private constructor(
    private readonly files: ResultFiles,
    private readonly elsewhere: Elsewhere,
  ) {}

  static async open(folder: string, elsewhere: Elsewhere = async () => null): Promise<Results> {
    return new Results(await ResultFiles.open(folder), elsewhere)
  }

  /** Puts the rows on disk. Not visible before `publish`. */
  store(startMs: number, endMs: number, rows: readonly Row[]): Promise<Stored> {
    return this.files.store(startMs, endMs, rows)
  }

  /** Says which number the first final has: those before it were taken away. Only while there is none. */
  begin(number: number): void {
    this.finals.begin(number)
  }

  /** Shows a window whose final record is in the log. */
  publish(final: FinalRecord): void {
    this.finals.push(final)
    const bounds: Position = [final.startMs, final.endMs]
    const last = this.ordered.at(-1)
    if (last === undefined || compare(this.position(last), bounds) <= 0) this.ordered.push(final.number)
    else this.ordered.splice(this.placeOf(bounds), 0, final.number)
  }

  /** How many windows ever became final: the number of the next one. */
  get count(): number {
    return this.finals.next
  }

  /** The number of the first that is kept. */
  get first(): number {
    return this.finals.first
  }

  /** Final windows that are kept and had any burst. */
  get withBurst(): number {
    return this.ordered.reduce((sum, number) => sum + (this.finals.burst(number) > 0 ? 1 : 0), 0)
  }

  /** Windows whose rows cannot be read, of those that somebody asked for. */
  get damaged(): number {
    return this.unreadable.size
  }

  /** What is kept, for deciding how long. */
  get kept(): Pick<FinalColumns, 'first' | 'next' | 'bytes' | 'atMs' | 'endMs' | 'fileBytes'> {
    return this.finals
  }

  /** Windows that end at or before it may have been taken away; -Infinity when none was. */
  get takenBeforeMs(): number {
    return this.takenToMs
  }

  /** Also when retention took it away since. */
  isFinal(startMs: number, endMs: number): boolean {
    return endMs <= this.takenToMs || this.has(startMs, endMs)
  }

  /**
   * Some of the finals that are kept, from `number` on, in the order in which they became final; the others follow the
   * last of them.
   */
  since(number: number): readonly FinalRecord[] {
    const from = Math.max(number, this.finals.first)
    const length = Math.max(0, Math.min(MAX_SINCE, this.finals.next - from))
    return Array.from({ length }, (_, index) => this.finals.at(from + index))
  }

  /** Rejects with ResultDamaged when they are lost. */
  async rows(final: FinalRecord): Promise<readonly Row[]> {
    const path = this.files.pathOf(final)
    const cached = this.cache.get(path)
    if (cached !== undefined) return cached
    const rows = await this.files.read(final).catch((error) => this.rescue(final, error))
    this.unreadable.delete(final.number)
    this.keep(path, rows)
    return rows
  }

  /** The rows, or none and the reason for it where they are lost: the others of a page are served all the same. */
  async rowsOrError(final: FinalRecord): Promise<{ readonly rows: readonly Row[]; readonly error?: WindowError }> {
    try {
      return { rows: await this.rows(final) }
    } catch (error) {
      if (!(error instanceof ResultDamaged)) throw error
      return { rows: [], error: { code: error.code, message: error.message } }
    }
  }

  async page(query: WindowQuery): Promise<WindowPage> {
    const windows: WindowPage['windows'][number][] = []
    const { cursor, limit, key, fromMs } = query
    const taken = Number.isFinite(this.takenToMs) ? this.takenToMs : null
    const [after, skip] = decodeCursor(cursor)
    this.refuseTaken(query, cursor === null ? null : after)
    const first: Position = compare(after, [fromMs, Number.NEGATIVE_INFINITY]) < 0 ? [fromMs, -Infinity] : after
    let room = limit
    // Windows become final, and are taken away, while a page reads its rows: each step looks anew.
    for (let final = this.nextFrom(first, query); final !== null; final = this.nextAfter(position(final), query)) {
      if (room <= 0) return { windows, next: encodeCursor(position(final), 0), takenBefore: taken }
      const { rows: all, ...error } = await this.rowsOrError(final)
      const rows = key === null ? all : all.filter((row) => row.key === key)
      const from = compare(position(final), after) === 0 ? skip : 0
      const page = rows.slice(from, from + room)
      windows.push({ ...served(final), rows: page, ...error })
      room -= Math.max(1, page.length)
      if (from + page.length < rows.length)
        return { windows, next: encodeCursor(position(final), from + page.length), takenBefore: taken }
    }
    return { windows, next: null, takenBefore: taken }
  }

  /** Takes the finals before `number` out of memory and returns how to take their files off the disk. */
  take(number: number, toMs: number): () => Promise<void> {
    const taken = this.records(this.finals.first, Math.min(number, this.finals.next))
    this.ordered = this.ordered.filter((each) => each >= number)
    this.finals.dropBefore(number)
    this.takenToMs = Math.max(this.takenToMs, toMs)
    for (const each of taken) {
      this.unreadable.delete(each.number)
      this.forget(this.files.pathOf(each))
    }
    return async () => {
      for (let at = 0; at < taken.length; at += REMOVED_AT_ONCE)
        await Promise.all(taken.slice(at, at + REMOVED_AT_ONCE).map((each) => this.files.remove(each)))
    }
  }

  /** Removes the files of windows that were taken away before a crash. */
  async sweep(): Promise<void> {
    if (Number.isFinite(this.takenToMs))
      await this.files.sweep((startMs, endMs) => endMs <= this.takenToMs && !this.has(startMs, endMs))
  }

  private records(from: number, to: number): FinalRecord[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => this.finals.at(from + index))
  }

  /** The rows from the cloud, where it has those that the final names; then the file is made again. */
  private async rescue(final: FinalRecord, error: unknown): Promise<readonly Row[]> {
    if (!(error instanceof ResultDamaged)) throw error
    const known = this.unreadable.get(final.number)
    if (known?.isLost) throw new ResultDamaged(known.message)
    const found = await this.elsewhere(final).catch(() => undefined)
    if (found != null && rowsDigest(found) === final.digest) {
      await this.files.store(final.startMs, final.endMs, found).catch(() => undefined) // they are there all the same
      return found
    }
    const isLost = found !== undefined // a cloud that does not answer may do so later
    const message = `${error.message}; ${isLost ? 'the cloud has no copy: restore the file from a backup' : 'the cloud, which may have a copy, does not answer: ask again'}`
    if (final.number >= this.finals.first) this.unreadable.set(final.number, { message, isLost })
    throw new ResultDamaged(message)
  }

  /**
   * Refuses a page that begins or lies in what retention took away: an empty page would say that nothing was ever
   * there.
   */
  private refuseTaken({ toMs }: WindowQuery, after: Position | null): void {
    const isCursorTaken = after !== null && after[1] <= this.takenToMs && !this.has(...after)
    const isRangeTaken = toMs <= this.takenToMs && !this.hasUpTo(toMs)
    if (!isCursorTaken && !isRangeTaken) return
    throw new WindowGone(
      `retention took away windows that end at or before ${this.takenToMs}; ${isCursorTaken ? 'begin again without the cursor' : 'ask for later ones, or keep them longer (retentionHours, retentionBytes)'}`,
    )
  }

  /** Whether any kept window ends at or before `toMs`. The first final need not be the window that ends first. */
  private hasUpTo(toMs: number): boolean {
    return this.ordered.some((number) => this.finals.startMs(number) <= toMs && this.finals.endMs(number) <= toMs)
  }

  private has(startMs: number, endMs: number): boolean {
    const number = this.ordered[this.placeOf([startMs, endMs])]
    return number !== undefined && compare(this.position(number), [startMs, endMs]) === 0
  }

  private nextAfter(before: Position, query: WindowQuery): FinalRecord | null {
    let place = this.placeOf(before)
    while (place < this.ordered.length && compare(this.position(this.ordered[place]!), before) === 0) place += 1
    return this.within(place, query)
  }

  private nextFrom(from: Position, query: WindowQuery): FinalRecord | null {
    return this.within(this.placeOf(from), query)
  }

  /** The first from a place on that lies in the range. */
  private within(place: number, { toMs }: WindowQuery): FinalRecord | null {
    for (let at = place; at < this.ordered.length; at++) {
      const number = this.ordered[at]!
      if (this.finals.startMs(number) > toMs) return null
      if (this.finals.endMs(number) <= toMs) return this.finals.at(number)
    }
    return null
  }

  /** Where the first one lies that is not before `bounds`. */
  private placeOf(bounds: Position): number {
    let [low, high] = [0, this.ordered.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.position(this.ordered[middle]!), bounds) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private position(number: number): Position {
    return [this.finals.startMs(number), this.finals.endMs(number)]
  }

  private keep(path: string, rows: readonly Row[]): void {
    if (this.cache.has(path)) return // two readers at once: its rows are counted already
    this.cache.set(path, rows)
    this.cachedRows += rows.length
    for (const oldest of this.cache.keys()) {
      if (this.cachedRows <= CACHED_ROWS || oldest === path) break
      this.forget(oldest)
    }
  }

  private forget(path: string): void {
    this.cachedRows -= this.cache.get(path)?.length ?? 0
    this.cache.delete(path)
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

type Position = readonly [startMs: number, endMs: number]
const position = ({ startMs, endMs }: FinalRecord): Position => [startMs, endMs]
const compare = (a: Position, b: Position) => Math.sign(a[0] - b[0] || 0) || Math.sign(a[1] - b[1] || 0)

/** A cursor that is none. Not retryable. */
export class InvalidCursor extends Error {
  readonly code = 'invalid_cursor'
}

/** Retention took away what was asked for. Not retryable. */
export class WindowGone extends Error {
  readonly code = 'window_gone'
}

const encodeCursor = ([startMs, endMs]: Position, row: number) => `${startMs}.${endMs}.${row}`

function decodeCursor(cursor: string | null): [Position, number] {
  if (cursor === null) return [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], 0]
  const match = /^(-?\d{1,16})\.(-?\d{1,16})\.(\d{1,9})$/.exec(cursor)
  if (match === null) throw new InvalidCursor('the cursor is none that this server gave; start again without it')
  return [[Number(match[1]), Number(match[2])], Number(match[3])]
}
