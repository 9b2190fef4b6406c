import { Command } from 'commander'
import { readFlags } from '../load/read-flags'

/**
 * Whether a command without options may go on: false when it was asked for help, which is printed, or asked wrongly,
 * which ends it with exit code 2.
 */
export function takesNoOptions(name: string, about: string): boolean {
  const command = new Command(name).description(about).allowExcessArguments(false)
  const read = readFlags(command, process.argv.slice(2))
  if (read.kind === 'help') process.stdout.write(read.text)
  if (read.kind === 'wrong') {
    process.stderr.write(`${read.message} See --help.\n`)
    process.exitCode = 2
  }
  return read.kind === 'flags'
}
