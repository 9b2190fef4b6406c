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
