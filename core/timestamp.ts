/** 9999-12-31T23:59:59.999Z. */
const MAX_TIMESTAMP_MS = 253_402_300_799_999

/**
 * Where a zone of 14 hours may still bring a local time into 1970. Also keeps `Date.UTC` from reading years below 100
 * as 19xx.
 */
const MIN_LOCAL_YEAR = 1969

/** Kiribati has the largest zone that is in use. */
const MAX_ZONE_MINUTES = 14 * 60

const MINUTE_MS = 60_000
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * An event time in ms since 1970, or null when `value` is none. Takes a finite number of ms, cut towards zero (so -0.5
 * is 0), or a string: `YYYY-MM-DD`, then `T`, `t` or one space, `HH:MM:SS`, an optional `.` with any number of digits
 * from one (cut to ms), an optional `Z`, `z`, `±HH:MM` or `±HHMM`; UTC without a zone. Days must exist, hours go to 23,
 * minutes and seconds to 59 (no leap seconds, no 24:00), zones to ±14:00. The time in UTC must lie in the years 1970 to
 * 9999.
 */
export function readTimestamp(value: unknown): number | null {
  const ms = typeof value === 'number' ? Math.trunc(value) : typeof value === 'string' ? parseMs(value) : Number.NaN
  return ms >= 0 && ms <= MAX_TIMESTAMP_MS ? ms + 0 : null
}

/** NaN, which no comparison lets through, stands for anything malformed here and below. */
function parseMs(text: string): number {
  const zoneAt = fractionEnd(text, 19)
  return dateMs(text) + timeMs(text) + fractionMs(text, 19, zoneAt) - zoneMs(text, zoneAt)
}

function dateMs(text: string): number {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const punctuated = text[4] === '-' && text[7] === '-'
  const exists = year >= MIN_LOCAL_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  return punctuated && exists ? Date.UTC(year, month - 1, day) : Number.NaN
}

function timeMs(text: string): number {
  const hours = digits(text, 11, 13)
  const minutes = digits(text, 14, 16)
  const seconds = digits(text, 17, 19)
  const separator = text[10]
  const punctuated =
    (separator === 'T' || separator === 't' || separator === ' ') && text[13] === ':' && text[16] === ':'
  const exists = hours <= 23 && minutes <= 59 && seconds <= 59
  return punctuated && exists ? (hours * 60 + minutes) * MINUTE_MS + seconds * 1_000 : Number.NaN
}

/** Where the fraction that begins at `from` ends; `from` itself without one. */
function fractionEnd(text: string, from: number): number {
  if (text[from] !== '.') return from
  let end = from + 1
  while (isDigit(text.charCodeAt(end))) end++
  return end
}

function fractionMs(text: string, from: number, end: number): number {
  if (end === from) return 0
  const length = Math.min(end - from - 1, 3)
  const scale = [Number.NaN, 100, 10, 1][length]!
  return digits(text, from + 1, from + 1 + length) * scale
}

function zoneMs(text: string, at: number): number {
  const rest = text.length - at
  const sign = text[at]
  if (rest === 0 || (rest === 1 && (sign === 'Z' || sign === 'z'))) return 0
  const colon = text[at + 3] === ':' ? 1 : 0
  const minutes = digits(text, at + 3 + colon, at + 5 + colon)
  const total = digits(text, at + 1, at + 3) * 60 + minutes
  const exists = (sign === '+' || sign === '-') && rest === 5 + colon && minutes <= 59 && total <= MAX_ZONE_MINUTES
  return exists ? (sign === '-' ? -total : total) * MINUTE_MS : Number.NaN
}

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : DAYS_IN_MONTH[month - 1]!
}

/** The number that the digits of `text` from `from` up to `to` write, NaN when one of them is none. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i)
    if (!isDigit(unit)) return Number.NaN
    value = value * 10 + (unit - 48)
  }
  return value
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}
