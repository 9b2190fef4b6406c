import { setTimeout as sleep } from 'node:timers/promises'
import type { InvokeFunction } from '../wire'

/** AWS keeps events for hours in a queue of its own; here they are in memory. */
const MAX_WAITING_EVENTS = 1000

/** After a function error AWS tries twice more, one and two minutes later. */
const RETRY_DELAYS_MS = [60_000, 120_000]

/** While the function is throttled AWS backs off from one second up to five minutes. */
const THROTTLED_DELAY_MS = 1000

/** Asynchronous invocations: accepted at once, done when there is room. */
export class AsyncQueue {
  readonly #invoke: InvokeFunction
  readonly #stopping = new AbortController()
  #waiting = 0

  constructor(invoke: InvokeFunction) {
    this.#invoke = invoke
  }

  /** False when too many events wait already. */
  accept(functionName: string, payload: Buffer): boolean {
    if (this.#waiting >= MAX_WAITING_EVENTS) return false
    this.#waiting += 1
    void this.#process(functionName, payload).finally(() => {
      this.#waiting -= 1
    })
    return true
  }

  /** Drops what waits. */
  stop(): void {
    this.#stopping.abort()
  }

  async #process(functionName: string, payload: Buffer): Promise<void> {
    let retries = 0
    while (!this.#stopping.signal.aborted) {
      const outcome = await this.#invoke(functionName, payload)
      if (outcome.kind === 'ok' || outcome.kind === 'not_found') return
      const delayMs = outcome.kind === 'throttled' ? THROTTLED_DELAY_MS : RETRY_DELAYS_MS[retries++]
      if (delayMs === undefined) return
      await sleep(delayMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined)
    }
  }
}
