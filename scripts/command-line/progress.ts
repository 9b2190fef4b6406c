const PROGRESS_EVERY_MS = 2_000 // what takes longer than this shows that it goes on

/** Says a line of progress at most every two seconds, and nothing in the first two. */
export function everySoOften(say: (line: string) => void): (line: () => string) => void {
  let nextMs = Date.now() + PROGRESS_EVERY_MS
  return (line) => {
    if (Date.now() < nextMs) return
    nextMs = Date.now() + PROGRESS_EVERY_MS
    say(line())
  }
}

/** Says the line every two seconds, as long as the work takes. */
export function whileItTakes<T>(work: Promise<T>, say: (line: string) => void, line: string): Promise<T> {
  const timer = setInterval(() => say(line), PROGRESS_EVERY_MS)
  return work.finally(() => clearInterval(timer))
}
