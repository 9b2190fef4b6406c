/** FORMULAS, "Time and windows": what a timestamp field may hold. */

const EXTENDED =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:[Zz]| ?([+-])(\d{2})(?::?(\d{2}))?)?$/
const BASIC = /^(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(?!:)(.*)$/
const FARTHEST_ZONE_MS = 14 * 3_600_000
const LAST_MS_OF_9999 = 253402300799999n
const FIRST_BARE_MS = 100_000_000_000

/** Nanoseconds in a unit of the field; a pipeline that states none means ms. */
const UNIT_NS = { s: 1_000_000_000n, ms: 1_000_000n, us: 1_000n, ns: 1n } as const

export type Unit = keyof typeof UNIT_NS

/** Milliseconds since 1970, or undefined where the formulas refuse the value. */
export function timestampMs(value: unknown, unit?: Unit): number | undefined {
  const ms = readMs(value, unit)
  return ms !== undefined && ms >= 0n && ms <= LAST_MS_OF_9999 ? Number(ms) : undefined
}

function readMs(value: unknown, unit?: Unit): bigint | undefined {
  if (typeof value === 'number') return numberMs(value, unit)
  if (typeof value !== 'string') return undefined
  if (unit !== undefined && /^\d{1,21}$/.test(value)) return (BigInt(value) * UNIT_NS[unit]) / 1_000_000n
  const ms = parseIso(value)
  return ms === undefined ? undefined : BigInt(ms)
}

function numberMs(value: number, unit?: Unit): bigint | undefined {
  if (!Number.isFinite(value) || (unit === undefined && value > -1 && value < FIRST_BARE_MS)) return undefined
  if (Math.abs(value) > 1e30) return undefined
  if (unit === 's' && value < 4e9) return BigInt(Math.round(value * 1_000_000)) / 1_000n
  if (unit === 's') return value < 1e12 ? BigInt(Math.round(value * 10_000)) / 10n : undefined
  return (BigInt(Math.trunc(value)) * UNIT_NS[unit ?? 'ms']) / 1_000_000n
}

function parseIso(text: string): number | undefined {
  const match = EXTENDED.exec(extended(text))
  if (!match) return undefined
  const [, date, minutes, seconds = '00', fraction = '', sign, zoneHours = '00', zoneMinutes = '00'] = match
  const wholeMs = utcMs(`${date}T${minutes}:${seconds}.000Z`)
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  if (wholeMs === undefined || Number(zoneMinutes) > 59 || zoneMs > FARTHEST_ZONE_MS) return undefined
  const fractionMs = Number(fraction.padEnd(3, '0').slice(0, 3))
  return wholeMs + fractionMs + (sign === '-' ? zoneMs : -zoneMs)
}

/** The basic form with its dashes and colons put in; anything else as it is. */
function extended(text: string): string {
  const match = BASIC.exec(text)
  if (!match) return text
  const [, year, month, day, hours, minutes, rest = ''] = match
  return `${year}-${month}-${day}T${hours}:${minutes}${rest.replace(/^(?=\d)/, ':')}`
}

/** Date.parse lets 30 February and 24:00:00 roll over; a date that exists prints as it was written. */
function utcMs(iso: string): number | undefined {
  const ms = Date.parse(iso)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === iso ? ms : undefined
}
