/** Numbers, times and sizes in words. All pure; a value that is not known is a dash. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
const precise = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 8 })
const UNKNOWN = '–'

/** Counts: exact below a hundred thousand. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN
  return Math.abs(value) < 100_000 ? whole.format(value) : short.format(value)
}

/** Counts that have to add up before the reader's eyes. */
export const exact = (value: number): string => whole.format(value)

/** Events per second, where it is clear that they are events, and where it is not. */
export const rate = (value: number): string => `${perSecond(value)}/s`
export const eventRate = (value: number): string => `${perSecond(value)} events/s`

/** A duration in the unit that fits. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN
  if (ms < 1) return ms <= 0 ? '0 ms' : '< 1 ms'
  if (ms < 1_000) return `${whole.format(ms)} ms`
  if (ms < 60_000) return `${digits(ms / 1_000)} s`
  if (ms < 3_600_000) return `${digits(ms / 60_000)} min`
  return `${digits(ms / 3_600_000)} h`
}

/** Dollars: cents are not enough for what a spike costs. */
export function usd(value: number): string {
  if (value === 0) return '$0'
  if (value < 0.000_01) return '< $0.00001'
  if (value < 0.01) return `$${value.toFixed(5)}`
  return value < 10 ? `$${value.toFixed(3)}` : `$${value.toFixed(2)}`
}

export function bytes(value: number): string {
  if (value < 1_024) return `${whole.format(value)} B`
  const units = ['KiB', 'MiB', 'GiB']
  let amount = value / 1_024
  let unit = 0
  for (; amount >= 1_024 && unit < units.length - 1; unit++) amount /= 1_024
  return `${digits(amount)} ${units[unit]}`
}

export const percent = (share: number): string => {
  if (!Number.isFinite(share)) return UNKNOWN
  return share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`
}

/** Time of day, with seconds. */
export const clock = (ms: number): string => {
  const time = new Date(ms)
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** Time of day, with the day where it is not that of `nowMs`. */
export function moment(ms: number, nowMs: number): string {
  const isSameDay = new Date(ms).toDateString() === new Date(nowMs).toDateString()
  return isSameDay ? clock(ms) : `${new Date(ms).toISOString().slice(0, 10)} ${clock(ms)}`
}

/** A value of a result row. */
export function cell(value: unknown): string {
  if (typeof value === 'number') return precise.format(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** `queueDelayMs` as "queue delay ms". */
export const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const perSecond = (value: number) => (value > 0 && value < 10 ? digits(value) : count(value))
const digits = (value: number) => (value < 10 ? value.toFixed(1).replace(/\.0$/, '') : whole.format(value))
