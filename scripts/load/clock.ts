/** Time as the run sees it; tests bring their own. */
export interface Clock {
  /** Epoch ms, with a fraction; never goes back. */
  now(): number
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The wall clock at the time of the call, advanced by the monotonic one: a correction of the clock moves no schedule.
 */
export function systemClock(): Clock {
  const originMs = Date.now() - performance.now()
  return { now: () => originMs + performance.now(), sleep }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.ceil(ms))
    signal.addEventListener('abort', wake)
  })
}
