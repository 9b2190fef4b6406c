/** Work did not settle in its time. What it comes to later is ignored. */
export class TimedOut extends Error {
  constructor(readonly limitMs: number) {
    super(`no answer within ${limitMs} ms`)
  }
}

/** Settles once, as `work` does, or rejects with TimedOut when that takes longer than `limitMs`. Whoever has timers implements it. */
export type TimeLimit = (work: PromiseLike<unknown>, limitMs: number) => Promise<unknown>

/** Waits as long as it takes. */
export const unlimited: TimeLimit = (work) => Promise.resolve(work)
