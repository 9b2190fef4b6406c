import { Command } from 'commander'
import { type ExitMeanings, exitCodeLine } from './exit-codes'

const HELP_COLUMNS = 100 // the same in every terminal, so that the page made from it is the same everywhere

/** A command as its help describes it. */
export interface Description {
  /** As it is typed, after `spillway`. */
  readonly name: string
  readonly about: string
  /** Lines that work as printed. */
  readonly examples: readonly string[]
  readonly exits: ExitMeanings
  /** What else there is to know, after the options. */
  readonly notes?: string
}

/** A command without options yet; its help ends with notes, examples and exit codes. */
export function newCommand({ name, about, examples, exits, notes }: Description): Command {
  const shown = `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`
  const end = [...(notes === undefined ? [] : [notes]), shown, exitCodeLine(exits)].join('\n\n')
  return new Command(`spillway ${name}`)
    .description(about)
    .configureHelp({ helpWidth: HELP_COLUMNS })
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments(false)
    .addHelpText('after', `\n${end}`)
}
