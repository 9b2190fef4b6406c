import { type Command, CommanderError } from 'commander'

/** What the arguments of a command come to. `wrong`: what is wrong with them, in words. */
export type ReadFlags<Flags> =
  | { readonly kind: 'flags'; readonly flags: Flags }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string; readonly cause: CommanderError }

/** Reads the arguments after the script's name; prints nothing and ends no process. */
export function readFlags<Flags extends object>(command: Command, args: readonly string[]): ReadFlags<Flags> {
  let text = ''
  command.exitOverride().configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} })
  try {
    command.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text }
    return { kind: 'wrong', message: error.message.replace(/^error: /, ''), cause: error }
  }
  return { kind: 'flags', flags: command.opts<Flags>() }
}

/**
 * Reads them and performs the command. Returns its exit code: 0 for the help, which it prints, 2 for wrong usage, which it
 * names.
 */
export async function withFlags<Flags extends object>(
  command: Command,
  perform: (flags: Flags) => Promise<number>,
): Promise<number> {
  const read = readFlags<Flags>(command, process.argv.slice(2))
  switch (read.kind) {
    case 'help':
      process.stdout.write(read.text)
      return 0
    case 'wrong':
      console.error(`${read.message} See --help.`)
      return 2
    case 'flags':
      return perform(read.flags)
  }
}
