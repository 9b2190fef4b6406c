import { ClientError } from './client-error'

const FIRST_MS = 100
const LONGEST_MS = 5_000 // a node that was restarted is found again within that

/**
 * How long to wait before trying again: what the node asked for, spread by up to a quarter; else it doubles with each
 * attempt (0, 1, ...) up to 5 s, of which half is jitter. `unit` is in [0, 1).
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, unit: number): number {
  if (retryAfterMs !== undefined) return retryAfterMs * (1 + unit / 4)
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + unit / 2)
}

/** Whether an error passes by itself: what the node calls retryable, and what lost the connection. */
export const passes = (error: unknown): error is ClientError => error instanceof ClientError && error.retryable

/** Counts what fails one after the other, and says how long to wait. Throws the error where patience is over. */
export class Patience {
  private attempt = 0
  private sinceMs: number | null = null

  constructor(private readonly giveUpMs: number) {}

  /** Something went well. */
  renew(): void {
    this.attempt = 0
    this.sinceMs = null
  }

  /** Waits before the next attempt. Rejects with `error` when waiting does not help, or has lasted too long. */
  async bear(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (!passes(error)) throw error
    const nowMs = performance.now()
    this.sinceMs ??= nowMs
    const delayMs = retryDelayMs(this.attempt++, error.details.retryAfterMs, Math.random())
    if (nowMs + delayMs - this.sinceMs > this.giveUpMs) throw error
    await sleep(delayMs, signal)
  }
}

/** Does it until it succeeds. Rejects when waiting does not help, or has lasted longer than `giveUpMs`. */
export async function patiently<T>(
  giveUpMs: number,
  signal: AbortSignal | undefined,
  act: () => Promise<T>,
): Promise<T> {
  const patience = new Patience(giveUpMs)
  for (;;) {
    try {
      return await act()
    } catch (error) {
      await patience.bear(error, signal)
    }
  }
}

function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, delayMs)
    signal?.addEventListener('abort', aborted, { once: true })
    function done() {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    function aborted() {
      clearTimeout(timer)
      reject(signal?.reason)
    }
  })
}
