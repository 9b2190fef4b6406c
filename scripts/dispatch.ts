import { closest } from 'fastest-levenshtein'
import { NotInstalled } from '../program/optional'
import { OWN_VERSION } from '../program/own-process'
import { usageText } from './command-line/ask'
import { pc } from './command-line/colours'
import { DONE, NOT_DONE, WRONG_USAGE } from './command-line/exit-codes'
import { type Output, TERMINAL } from './command-line/output'
import { COMMANDS, GROUPS, type ListedCommand } from './commands'

/** Runs the command that the arguments name. Resolves to the exit code when the process may end. */
export async function dispatch(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  const [word, ...rest] = args
  switch (word) {
    case undefined:
    case '-h':
    case '--help':
      output.out(overview())
      return DONE
    case '-V':
    case '--version':
      output.out(OWN_VERSION)
      return DONE
    case 'help':
      return dispatch(rest[0] === undefined ? [] : [rest[0], '--help'], output)
    default:
      return runNamed(word, rest, output)
  }
}

async function runNamed(word: string, args: readonly string[], output: Output): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === word)
  if (command === undefined) {
    output.err(unknownText(word))
    return WRONG_USAGE
  }
  try {
    const main = await command.load()
    return await main(args, output)
  } catch (error) {
    const missing = missingPackage(error)
    if (missing === null) throw error
    output.err(missing)
    return NOT_DONE
  }
}

/** What to install, where a command needs a package that few projects do and that is not there. */
function missingPackage(error: unknown): string | null {
  if (error instanceof NotInstalled) return `${error.message} (${error.code})`
  const { code, message } = error as NodeJS.ErrnoException
  const [, name] = /^Cannot find module '([^'./][^']*)'/.exec(message) ?? []
  if (code !== 'MODULE_NOT_FOUND' || name === undefined) return null
  return `This command needs a package that is not installed: npm install --save-dev ${name}`
}

function unknownText(word: string): string {
  const what = word.startsWith('-')
    ? `A command comes before its options: ${word} is none`
    : `There is no command "${word}"; did you mean ${nearest(word.toLowerCase())}?`
  return usageText(what, 'spillway')
}

/** The command that a word begins, else the one that is the fewest letters away. */
function nearest(word: string): string {
  const names = COMMANDS.map(({ name }) => name)
  return names.find((name) => name.startsWith(word)) ?? closest(word, names)
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  const line = ({ name, summary }: ListedCommand) => `  ${pc.cyan(name.padEnd(width))}${summary}`
  const groups = GROUPS.map((group) => {
    const commands = COMMANDS.filter((command) => command.group === group)
    return [pc.bold(`${group}:`), ...commands.map(line)].join('\n')
  })
  return [USAGE, ...groups, AFTER].join('\n\n')
}

const USAGE = `Usage: spillway <command> [options]

A stream processor that computes windows on one machine and, when a load spike exceeds it,
bursts the excess to AWS Lambda and merges every window exactly.`

const AFTER = `spillway <command> --help has the options and examples of a command; spillway --version the version.
Where it is installed in a project: npx spillway <command>. In its repository: npm run spillway -- <command>.

Exit code of every command: 0 done and exact; 1 not; 2 wrong usage; 130 interrupted.`
