const FIRST_MS = 50
const LONGEST_MS = 2000

/**
 * How long to wait before sending a refused batch again. What the server asked for is honoured and spread by up to a
 * quarter; else the wait doubles with each attempt (0, 1, ...) up to 2 s, of which half is jitter. `unit` is in [0, 1).
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | null, unit: number): number {
  if (retryAfterMs !== null) return retryAfterMs * (1 + unit / 4)
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + unit / 2)
}
