/** Where lines for people go: the help, findings, and why nothing starts. The log is apart, see `logger.ts`. */
export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

export const TERMINAL: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
}
