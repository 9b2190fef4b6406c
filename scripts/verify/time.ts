/** FORMULAS, "Time and windows": what a timestamp field may hold. */

const ISO = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?$/
const FARTHEST_ZONE_MS = 14 * 3_600_000
const LAST_MS_OF_9999 = 253402300799999

/** Milliseconds since 1970, or undefined where the formulas refuse the value. */
export function timestampMs(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? Math.trunc(value) : typeof value === 'string' ? parseIso(value) : undefined
  // Adding 0 makes the -0 of a truncated -0.5 an ordinary 0; NaN fails both comparisons.
  return ms !== undefined && ms >= 0 && ms <= LAST_MS_OF_9999 ? ms + 0 : undefined
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const [, date, time, fraction = '', sign, zoneHours = '00', zoneMinutes = '00'] = match
  const seconds = utcMs(`${date}T${time}.000Z`)
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  if (seconds === undefined || Number(zoneMinutes) > 59 || zoneMs > FARTHEST_ZONE_MS) return undefined
  const fractionMs = Number(fraction.padEnd(3, '0').slice(0, 3))
  return seconds + fractionMs + (sign === '-' ? zoneMs : -zoneMs)
}

/** Date.parse lets 30 February and 24:00:00 roll over; a date that exists prints as it was written. */
function utcMs(iso: string): number | undefined {
  const ms = Date.parse(iso)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === iso ? ms : undefined
}
