import { type Command, InvalidArgumentError } from 'commander'

const WRONG_USAGE = 2 // 1 is for what goes wrong later

/** Ends the process with exit code 2 on an option that is none, or a value that is none, and says where to look. */
export function endOnWrongUsage(command: Command): Command {
  for (const below of command.commands) endOnWrongUsage(below)
  return command
    .showHelpAfterError('See --help.')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
}

/** Collects repeated `--param name=value` options, as `sls` has them. */
export function collectParam(given: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(given) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.')
  return { ...before, [name]: value }
}

/** Reads an option that is a whole number of at least `least`. */
export function wholeNumber(least: number): (given: string) => number {
  return (given) => {
    const number = Number(given)
    if (Number.isInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}
