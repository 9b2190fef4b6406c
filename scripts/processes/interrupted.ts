import { parentEnded } from '../../program/parent-ended'

/** Resolves when this run is to end: by a signal, or since the process that started it is gone. */
export function whenInterrupted(): Promise<void> {
  const signals = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
  return Promise.race([signals, parentEnded()])
}
