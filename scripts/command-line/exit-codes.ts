/** The exit codes of all commands. */
export const DONE = 0
/** It was done and is not as it should be, or it failed. */
export const NOT_DONE = 1
export const WRONG_USAGE = 2
/** As a shell has it for SIGINT. */
export const INTERRUPTED = 130

/** What they mean for one command; what it cannot end with is absent. */
export interface ExitMeanings {
  readonly done: string
  readonly not?: string
  /** Beyond wrong usage, such as "or no such file". */
  readonly wrong?: string
  readonly interrupted?: boolean
}

/** The line of a help that says so. */
export function exitCodeLine({ done, not, wrong, interrupted = false }: ExitMeanings): string {
  const usage = wrong === undefined ? 'wrong usage' : `wrong usage, ${wrong}`
  const meanings = [
    [DONE, done],
    [NOT_DONE, not],
    [WRONG_USAGE, usage],
    [INTERRUPTED, interrupted ? 'interrupted' : undefined],
  ] as const
  const said = meanings.flatMap(([code, meaning]) => (meaning === undefined ? [] : [`${code} ${meaning}`]))
  return `Exit code: ${said.join('; ')}.`
}
