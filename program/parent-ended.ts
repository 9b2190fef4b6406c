const LOOK_EVERY_MS = 500

/**
 * Resolves when the process that started this one is gone: npm, told to stop, stops the shell between the two, and the
 * shell passes nothing on. Never resolves where npm did not start it: it may be meant to outlive a terminal.
 */
export function parentEnded(): Promise<void> {
  const parent = process.ppid
  return new Promise((resolve) => {
    if (process.env.npm_lifecycle_event === undefined) return
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      resolve()
    }, LOOK_EVERY_MS)
    timer.unref()
  })
}

/** Resolves when a process that serves is to stop: by a signal, or since the process that started it is gone. */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve())
    process.on('SIGINT', () => resolve())
    process.on('disconnect', () => resolve())
    void parentEnded().then(resolve)
  })
}
