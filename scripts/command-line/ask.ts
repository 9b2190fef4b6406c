import { type Command, CommanderError } from 'commander'
import { DONE, WRONG_USAGE } from './exit-codes'
import { type Output, TERMINAL } from './output'

/** Wrong usage that only the command itself can see, such as two options that do not go together. */
export class WrongUsage extends Error {}

/** What a command is to print and be done with, such as its help. */
interface Text {
  readonly kind: 'text'
  readonly text: string
}

/** What the arguments of a command come to; `message` says what is wrong with them, and where to look. */
export type Asked<Run extends { readonly kind: 'run' }> =
  | Run
  | Text
  | { readonly kind: 'wrong'; readonly message: string }

/**
 * Reads the arguments after the command's name; prints nothing and ends no process. `runOf` says what the flags ask for,
 * and throws WrongUsage where they do not fit.
 */
export function ask<Flags extends object, Run extends { readonly kind: 'run' }>(
  command: Command,
  args: readonly string[],
  runOf: (flags: Flags, operands: readonly string[]) => Run | Text,
): Asked<Run> {
  let text = ''
  let asked = command // or the one of its subcommands at which it went wrong
  const listen = (each: Command): void => {
    each.configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} })
    each.exitOverride((error) => {
      asked = each
      throw error
    })
    each.commands.forEach(listen)
  }
  listen(command)
  try {
    command.parse(args, { from: 'user' })
    return runOf(command.opts<Flags>(), command.args)
  } catch (error) {
    if (error instanceof WrongUsage) return { kind: 'wrong', message: usageText(error.message, nameOf(command)) }
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'text', text }
    return { kind: 'wrong', message: usageText(reasonOf(error, asked), nameOf(asked)) }
  }
}

/** Prints what is to be printed, or runs what is asked for. Resolves to the exit code. */
export async function answer<Run extends { readonly kind: 'run' }>(
  asked: Asked<Run>,
  run: (run: Run) => Promise<number>,
  output: Output = TERMINAL,
): Promise<number> {
  switch (asked.kind) {
    case 'text':
      output.out(asked.text.trimEnd())
      return DONE
    case 'wrong':
      output.err(asked.message)
      return WRONG_USAGE
    case 'run':
      return run(asked)
  }
}

/** Both, for a command whose flags are what it runs with. It may throw WrongUsage while it runs, too. */
export async function withFlags<Flags extends object>(
  command: Command,
  args: readonly string[],
  perform: (flags: Flags, operands: readonly string[]) => Promise<number>,
  output: Output = TERMINAL,
): Promise<number> {
  const asked = ask(command, args, (flags: Flags, operands) => ({ kind: 'run' as const, flags, operands }))
  try {
    return await answer(asked, ({ flags, operands }) => perform(flags, operands), output)
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error
    output.err(usageText(error.message, nameOf(command)))
    return WRONG_USAGE
  }
}

/** Wrong usage, in the one voice that all commands have for it. */
export function usageText(what: string, name: string): string {
  const line = what.replace(/\s*\n\s*/g, ' ').trim()
  const sentence = line.charAt(0).toUpperCase() + line.slice(1)
  return `${/[.?!]$/.test(sentence) ? sentence : `${sentence}.`} See ${name} --help.`
}

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`

/** Without a subcommand commander gives its help as the error. */
function reasonOf(error: CommanderError, command: Command): string {
  if (error.code !== 'commander.help') return error.message.replace(/^error: /, '')
  return `Say which: ${command.commands.map((each) => each.name()).join(', ')}`
}
