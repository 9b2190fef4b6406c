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
