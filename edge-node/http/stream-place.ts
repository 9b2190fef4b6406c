/** The log whose final windows are read: one made anew begins its numbers at 0 again. */
export interface StreamLog {
  readonly incarnation: string
  /** Number of the first final window that is kept. */
  readonly first: number
  /** Number of the next one to become final. */
  readonly count: number
}

/** Why a reader is not where its id says: it gets everything that is kept, from the start. */
export const RESETS = {
  other_log: 'the id is none of this log: its data folder is another, or the id is a bare number, which names no log',
  beyond_end: 'the log has no window of that number: its data folder is older than the id, such as a restored copy',
} as const

export type ResetCode = keyof typeof RESETS

/** Where a stream begins. */
export interface StreamPlace {
  readonly next: number
  readonly reset?: ResetCode
}

export const START = 'start'

const ID = /^(\d{1,15})_(\d{1,15})$/
/** Ids were bare numbers once, and -1 was before all of them, in any log. */
const BARE = /^\d{1,15}$/
const BEFORE_ALL = '-1'

/** 48 bits of a random incarnation: two logs with the same name are as good as impossible. */
const NAME_DIGITS = 12

/**
 * The name of a log in ids: a number, as programs that read ids as numbers expect (Python and others pass over the
 * `_`).
 */
const logName = (incarnation: string): number =>
  Number.parseInt(incarnation.replaceAll('-', '').slice(0, NAME_DIGITS), 16)

/** The id of a window in the stream, `LOG_NUMBER`. It names its log: 7 is another window in a log made anew. */
export const eventId = (incarnation: string, number: number): string => `${logName(incarnation)}_${number}`

/**
 * The id of a reader that has what is before `next`: it goes on there, also when it is cut off before the first window.
 */
export const idBefore = (incarnation: string, next: number): string =>
  next === 0 ? START : eventId(incarnation, next - 1)

/**
 * Where a reader goes on that names `id`; undefined: it names none, and waits for the next final. Null when that is no
 * id.
 */
export function placeOf(id: string | undefined, { incarnation, first, count }: StreamLog): StreamPlace | null {
  if (id === undefined) return { next: count }
  if (id === START || id === BEFORE_ALL) return { next: first }
  const [, log, number] = ID.exec(id) ?? []
  if (log === undefined) return BARE.test(id) ? { next: first, reset: 'other_log' } : null
  if (Number(log) !== logName(incarnation)) return { next: first, reset: 'other_log' }
  return Number(number) < count ? { next: Number(number) + 1 } : { next: first, reset: 'beyond_end' }
}
