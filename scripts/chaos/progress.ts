const QUIET_MS = 20_000 // so that a long wait is seen to be one

/** Shows what changes: gives the line to print `atMs` into a run, or null when it says nothing new. */
export function progress(): (atMs: number, text: string) => string | null {
  let last = { atMs: Number.NEGATIVE_INFINITY, text: '' }
  return (atMs, text) => {
    if (text === last.text && atMs - last.atMs < QUIET_MS) return null
    last = { atMs, text }
    return `${Math.round(atMs / 1000)} s`.padStart(6).padEnd(9) + text
  }
}
