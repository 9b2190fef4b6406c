import { Command, Help, type Option } from 'commander'
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
  /** What else there is to know, after the options; one paragraph. */
  readonly notes?: string
}

/** A command without options yet; its help ends with notes, examples and exit codes. */
export function newCommand({ name, about, examples, exits, notes }: Description): Command {
  const shown = `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`
  const end = [...(notes === undefined ? [] : [wrapped(notes)]), shown, wrapped(exitCodeLine(exits))].join('\n\n')
  return new Command(`spillway ${name}`)
    .description(about)
    .configureHelp({ helpWidth: HELP_COLUMNS, optionDescription })
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments(false)
    .addHelpText('after', `\n${end}`)
}

/** Without the default of a switch, which is off. */
function optionDescription(option: Option): string {
  const shown = option.defaultValue === false ? Object.create(option, { defaultValue: { value: undefined } }) : option
  return new Help().optionDescription(shown)
}

const wrapped = (text: string) => new Help().boxWrap(text.replace(/\s*\n\s*/g, ' '), HELP_COLUMNS)
