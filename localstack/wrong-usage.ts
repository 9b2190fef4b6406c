import type { Command } from 'commander'

const WRONG_USAGE = 2 // 1 is for what goes wrong later

/** Ends the process with exit code 2 on an option that is none, or a value that is none, and says where to look. */
export function endOnWrongUsage(command: Command): Command {
  for (const below of command.commands) endOnWrongUsage(below)
  return command
    .showHelpAfterError('See --help.')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
}
