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

/** What a number that stands for a time counts. */
export type TimestampUnit = (typeof TIMESTAMP_UNITS)[number]

export const TIMESTAMP_UNITS = ['s', 'ms', 'us', 'ns'] as const

/**
 * Milliseconds below this lie before 1973-03-03. Seconds of today lie below it too, so that a number below it is nearly
 * always one in the wrong unit.
 */
export const LEAST_BARE_MS = 100_000_000_000

/** Digits of a string that are taken at most: nanoseconds of the year 9999 have 21. */
const MAX_DIGITS = 21

/** ISO 8601 and RFC 3339 in the forms that are not the common one: basic, without seconds, with a zone of hours. */
const OTHER_FORM =
  /^(\d{4})(-?)(\d\d)\2(\d\d)([Tt ])(\d\d)(:?)(\d\d)(?:\7(\d\d)(\.\d+)?)?(?: ?([+-]\d\d)(?::?(\d\d))?|[Zz])?$/

/**
 * An event time in ms since 1970, or null when `value` is none. Takes a finite number in `unit`, cut to whole ms
 * towards zero (so -0.5 ms are 0), or a string with an instant in ISO 8601 or RFC 3339: `YYYY-MM-DD`, then `T`, `t` or
 * one space, `HH:MM` or `HH:MM:SS`, after seconds an optional `.` with any number of digits from one (cut to ms), an
 * optional `Z`, `z`, `±HH:MM`, `±HHMM` or `±HH`, one space before a sign allowed; the basic form `YYYYMMDDTHHMMSS`
 * likewise; UTC without a zone. Days must exist, hours go to 23, minutes and seconds to 59 (no leap seconds, no 24:00),
 * zones to ±14:00. Where a pipeline states the unit (not null), a string of digits is such a number too, exact at any
 * length. The time in UTC must lie in the years 1970 to 9999.
 */
export function readTimestamp(value: unknown, unit: TimestampUnit | null = null): number | null {
  const ms =
    typeof value === 'number' ? numberMs(value, unit) : typeof value === 'string' ? textMs(value, unit) : Number.NaN
  return ms >= 0 && ms <= MAX_TIMESTAMP_MS ? ms + 0 : null
}

/**
 * The same for a value that may have been sent in the wrong unit: NaN for a number of which `LEAST_BARE_MS` says so,
 * and where it is no event time.
 */
export function timestampMsIn(value: unknown, unit: TimestampUnit | null): number {
  if (unit === null && typeof value === 'number' && value < LEAST_BARE_MS) return Number.NaN
  return readTimestamp(value, unit) ?? Number.NaN
}

function numberMs(value: number, unit: TimestampUnit | null): number {
  switch (unit) {
    case 's':
      // Decimals of a second are no doubles: 1.001 s times 1,000 lies below 1,001. Rounding to smaller parts first
      // brings it back: to microseconds, as long as a double is that fine, which it is up to the year 2096.
      return value < 4e9 ? Math.trunc(Math.round(value * 1e6) / 1e3) : Math.trunc(Math.round(value * 1e4) / 10)
    case 'us':
      return wholeParts(value, 1e3)
    case 'ns':
      return wholeParts(value, 1e6)
    case 'ms':
    case null:
      return Math.trunc(value)
  }
}

/**
 * `value / size` cut to a whole number. The remainder is exact where the quotient is not; rounding mends the
 * difference.
 */
const wholeParts = (value: number, size: number): number => Math.round((value - (value % size)) / size)

/** NaN, which no comparison lets through, stands for anything malformed here and below. */
function textMs(text: string, unit: TimestampUnit | null): number {
  if (unit !== null && isDigits(text)) return digitsMs(text, unit)
  const ms = isoMs(text)
  return Number.isNaN(ms) ? isoMs(commonForm(text)) : ms
}

/** Whole ms of a number that is written out: the digits below a ms are dropped, none is rounded. */
function digitsMs(text: string, unit: TimestampUnit): number {
  switch (unit) {
    case 's':
      return Number(text) * 1_000
    case 'ms':
      return Number(text)
    case 'us':
      return Number(text.slice(0, -3))
    case 'ns':
      return Number(text.slice(0, -6))
  }
}

function isDigits(text: string): boolean {
  return text.length > 0 && text.length <= MAX_DIGITS && !Number.isNaN(digits(text, 0, text.length))
}

/** The common form of a text in another form of ISO 8601; empty when it is in none. */
function commonForm(text: string): string {
  const match = OTHER_FORM.exec(text)
  if (match === null) return ''
  const [
    ,
    year,
    dash,
    month,
    day,
    separator,
    hours,
    colon,
    minutes,
    seconds = '00',
    fraction = '',
    zone,
    zoneMinutes = '00',
  ] = match
  // Either both halves are basic or none is, and only the extended form may have a space for the T.
  if ((dash === '') !== (colon === '') || (dash === '' && separator === ' ')) return ''
  const zoneText = zone === undefined ? '' : `${zone}:${zoneMinutes}`
  return `${year}-${month}-${day}T${hours}:${minutes}:${seconds}${fraction}${zoneText}`
}

function isoMs(text: string): number {
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
