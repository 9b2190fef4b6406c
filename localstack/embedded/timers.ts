/** Calls `fire` once after `delayMs`, unless the function that it returns is called first. */
export type StartTimer = (delayMs: number, fire: () => void) => () => void

/** The timers of the process. They keep it alive: whoever starts one has to see to its end. */
export const startNodeTimer: StartTimer = (delayMs, fire) => {
  const timer = setTimeout(fire, delayMs)
  return () => clearTimeout(timer)
}
