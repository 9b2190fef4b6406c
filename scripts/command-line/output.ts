/** Where lines for people go; a test listens here. */
export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

export const TERMINAL: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
}

/** What `--json` prints: one document, and nothing else on standard output. */
export const printJson = (output: Output, document: unknown): void => output.out(JSON.stringify(document, null, 2))
