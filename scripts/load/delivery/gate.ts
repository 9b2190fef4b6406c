/** Who may send: at most `connections` numbered batches are inside, and none passes an older one that was refused. */
export interface Gate {
  enter(): void
  leave(): void
  refused(number: number): void
  answered(number: number): void
  /** Every wait, now and later, throws this error. */
  breakWith(error: unknown): void
  /** Waits until a further batch may enter, or `stop` is aborted. True if it had to wait. */
  room(stop: AbortSignal): Promise<boolean>
  /** Waits until no older batch is refused, or `abandon` is aborted. */
  turn(number: number, abandon: AbortSignal): Promise<void>
  /** Waits until nobody is inside. */
  empty(): Promise<void>
  /** Makes everybody look again, after a signal was aborted. */
  wake(): void
}

export function openGate(connections: number): Gate {
  const state = condition()
  const waiting = new Set<number>()
  let inside = 0
  let broken: { readonly error: unknown } | null = null

  const waitUntil = async (holds: () => boolean): Promise<boolean> => {
    let waited = false
    for (; !broken && !holds(); waited = true) await state.changed()
    if (broken) throw broken.error
    return waited
  }
  const changing =
    <T extends unknown[]>(change: (...args: T) => void) =>
    (...args: T) => {
      change(...args)
      state.notify()
    }

  return {
    enter: () => void inside++,
    leave: changing(() => void inside--),
    refused: (number) => void waiting.add(number),
    answered: changing((number: number) => void waiting.delete(number)),
    breakWith: changing((error: unknown) => {
      broken ??= { error }
    }),
    room: (stop) => waitUntil(() => stop.aborted || (inside < connections && waiting.size === 0)),
    turn: async (number, abandon) => {
      await waitUntil(() => abandon.aborted || [...waiting].every((other) => other >= number))
    },
    empty: async () => {
      await waitUntil(() => inside === 0)
    },
    wake: state.notify,
  }
}

/** Lets several waiters look again at a state that others change. */
export interface Condition {
  changed(): Promise<void>
  notify(): void
}

export function condition(): Condition {
  let waiters: (() => void)[] = []
  return {
    changed: () => new Promise((resolve) => waiters.push(resolve)),
    notify() {
      const woken = waiters
      waiters = []
      for (const wake of woken) wake()
    },
  }
}
