/** Where a middleware of an SDK command hears that its request goes out: the last one before the request handler. */
export const AS_IT_GOES_OUT = { step: 'deserialize', priority: 'low', name: 'asItGoesOut' } as const

/**
 * How long the thread is at work on a command until its request goes out. The SDK serializes and signs without letting
 * the event loop turn; only where it waits on the way (for credentials, once in a while) that is no work, and the time
 * is left out.
 */
export class SendingStopwatch {
  private readonly startMs: number
  private hasWaited = false
  private readonly turn = setImmediate(() => {
    this.hasWaited = true
  })

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.startMs = nowMs()
  }

  /** The request goes out now. Gives the ms of work. */
  sent(): number {
    clearImmediate(this.turn)
    return this.hasWaited ? 0 : this.nowMs() - this.startMs
  }
}
