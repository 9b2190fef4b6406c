/** Where lines for people go: the help, findings, and why nothing starts. The log is apart, see `logger.ts`. */
export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

export const TERMINAL: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
}

const PROGRESS_EVERY_MS = 2_000

/** Those who are asked may be silent for long: says every two seconds that it still waits for them. */
export function stillWaiting<T>(answer: Promise<T>, say: Output['err']): Promise<T> {
  const timer = setInterval(() => say('... still waiting for an answer'), PROGRESS_EVERY_MS)
  return answer.finally(() => clearInterval(timer))
}
