/** Milliseconds, or a whole number with a unit: '500ms', '10s', '1m', '1h', '1d'. */
export type Duration = number | `${number}${keyof typeof UNIT_MS}`

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const PATTERN = /^(\d{1,15})(ms|s|m|h|d)$/

/** 366 days. A window is state for as long as it is open, so anything longer is a slip of the unit. */
export const MAX_DURATION_MS = 366 * UNIT_MS.d

/** A duration in whole milliseconds, from 0 to `MAX_DURATION_MS`. Throws a RangeError that says what was given. */
export function parseDurationMs(duration: number | string): number {
  const ms = typeof duration === 'number' ? duration : textMs(duration)
  if (Number.isInteger(ms) && ms >= 0 && ms <= MAX_DURATION_MS) return ms + 0
  const given = typeof duration === 'string' ? JSON.stringify(duration.slice(0, 40)) : String(duration)
  throw new RangeError(`a duration is whole milliseconds or '500ms', '10s', '1m', '1h', '1d', up to 366d, not ${given}`)
}

function textMs(text: string): number {
  const [, amount, unit] = PATTERN.exec(text) ?? []
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
