/** FORMULAS, "Keys" and "Values": what counts as a key, a number, a value to be told apart. */

/** One event as JSON.parse gives it. */
export type Fields = Readonly<Record<string, unknown>>

const LARGEST_SUMMABLE = 2 ** 970
const LONGEST_KEY = 512

/** The field's value; what an object inherits (`toString`, ...) is not a field. */
export function field(event: Fields, name: string): unknown {
  return Object.hasOwn(event, name) ? event[name] : undefined
}

/** The key's text, or undefined when the key is missing or refused. */
export function keyText(value: unknown): string | undefined {
  const text = scalarText(value)
  return text === undefined || text.length > LONGEST_KEY ? undefined : text
}

/** What sum, min, max, mean and quantile read; undefined dead-letters the event. -0 is read as 0. */
export function summable(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST_SUMMABLE)) return undefined
  return value === 0 ? 0 : value
}

/** The text that distinct hashes: the first letter keeps "1", 1 and "true", true apart; undefined dead-letters. */
export function distinctText(value: unknown): string | undefined {
  const text = scalarText(value)
  return text === undefined ? undefined : (typeof value).charAt(0) + text
}

/** String(-0) is "0", as the formulas want it. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && isExact(value) ? String(value) : undefined
}

/** Whole numbers are exact up to 2^53 - 1; beyond, two that were sent read as one. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (value % 1 !== 0 || Math.abs(value) <= 2 ** 53 - 1)
}
