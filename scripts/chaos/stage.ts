import { setTimeout as sleep } from 'node:timers/promises'

/** The run was ended from outside. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
  }
}

/**
 * Where one scenario plays: its folder, what happened in it, and everything that has to be undone after it, also when
 * it fails.
 */
export class Stage {
  /** Faults that were done, by kind. */
  readonly faults: Record<string, number> = {}
  /** Promises of the product besides exactness that were not kept, in words. */
  readonly broken: string[] = []
  private readonly undoing: (() => unknown)[] = []
  private readonly abort = new AbortController()
  private readonly ended: Promise<never>

  constructor(
    readonly folder: string,
    readonly say: (text: string) => void,
  ) {
    this.ended = new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true })
    })
    this.ended.catch(() => undefined) // nobody may be waiting
  }

  /** Aborted once the run has failed or is over. */
  get signal(): AbortSignal {
    return this.abort.signal
  }

  /** Ends the run: everything that waits rejects with this error. The first one counts. */
  fail(error: Error): void {
    this.abort.abort(error)
  }

  /** Notes a fault and shows it. */
  fault(kind: string, detail = ''): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1
    this.say(`         ! ${kind}${detail === '' ? '' : ` (${detail})`}`)
  }

  /** Notes that a promise was not kept, when it was not. */
  expect(kept: boolean, promise: string): void {
    if (kept) return
    this.broken.push(promise)
    this.say(`         not kept: ${promise}`)
  }

  /** Waits. Rejects when the run has ended. */
  async pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.signal })
    } catch {
      this.signal.throwIfAborted()
    }
  }

  /** Looks every `everyMs` until `found` gives something; null after `withinMs`. Rejects when the run has ended. */
  async watch<T>(found: () => Promise<T | null>, withinMs: number, everyMs = 50): Promise<T | null> {
    for (const endMs = performance.now() + withinMs; performance.now() < endMs; ) {
      const result = await found()
      if (result !== null) return result
      await this.pause(everyMs)
    }
    return null
  }

  /** Waits for `work` or for the end of the run. */
  async until<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.ended])
  }

  /** Has `step` done when the stage closes, before what was registered earlier. */
  undo(step: () => unknown): void {
    this.undoing.push(step)
  }

  /** Undoes everything, the last first. A step that fails is told and does not keep the others from being done. */
  async close(): Promise<void> {
    this.fail(new Error('the run is over'))
    for (const step of this.undoing.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        this.say(`could not clean up: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}
