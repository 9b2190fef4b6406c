/** How often to look whether the parent process still lives; there is no signal for its death. */
const PARENT_CHECK_MS = 1000

/** A clean stop takes milliseconds; a process that hangs on must not. */
const STOP_AT_MOST_MS = 5000

/**
 * Runs `stop` once and ends the process: on SIGINT, SIGTERM and SIGHUP, when the IPC channel to the parent closes, and
 * when the parent has died without a word.
 */
export function endWith(stop: () => Promise<void>): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(1), STOP_AT_MOST_MS).unref()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  process.on('disconnect', end)
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, PARENT_CHECK_MS).unref()
}
