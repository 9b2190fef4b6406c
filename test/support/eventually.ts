import { setTimeout as sleep } from 'node:timers/promises'

/** A door that waits to be opened. */
export class Gate {
  /** How many stand before it. */
  waiting = 0
  private opened: () => void = () => {}
  private readonly whenOpen = new Promise<void>((resolve) => {
    this.opened = resolve
  })

  async pass(): Promise<void> {
    this.waiting += 1
    await this.whenOpen
  }

  open(): void {
    this.opened()
  }
}

const LIMIT_MS = 4_000 // less than a test may take; of time and not of tries, since an attempt may wait for something itself
const PAUSE_MS = 10

/**
 * Tries until `attempt` no longer throws, and gives what it returned; with the last error when it never stops throwing.
 * A wait without a limit would outlive a test that has failed, and keep Jest from ending.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const lastMs = performance.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > lastMs) throw error
      await sleep(PAUSE_MS)
    }
  }
}
