import { setTimeout as sleep } from 'node:timers/promises'

const TRIES = 400
const PAUSE_MS = 10

/** Tries until `attempt` no longer throws, and gives what it returned; with the last error when it never stops throwing. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === TRIES) throw error
      await sleep(PAUSE_MS)
    }
  }
}
