import { COMMANDS, GROUPS, type ListedCommand } from '../../scripts/commands'
import { dispatch } from '../../scripts/dispatch'
import { code, page, table } from './markdown'

/** The reference of the command line: the help of each command, as it prints it. */
export async function commandLinePage(): Promise<string> {
  const groups: string[] = []
  for (const group of GROUPS) {
    const commands = COMMANDS.filter((command) => command.group === group)
    const helps: string[] = []
    for (const command of commands) helps.push(await sectionOf(command))
    groups.push(`## ${group}`, ...helps)
  }
  return page('# Command line', INTRODUCTION, table(['command', 'what it does'], COMMANDS.map(rowOf)), ...groups)
}

const rowOf = ({ name, summary }: ListedCommand) => [`[${code(name)}](#spillway-${name})`, summary]

async function sectionOf({ name }: ListedCommand): Promise<string> {
  const lines: string[] = []
  const listen = (line: string) => void lines.push(line)
  await dispatch([name, '--help'], { out: listen, err: listen })
  return `### spillway ${name}\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\``
}

const INTRODUCTION = `${code('spillway <command> [options]')}. Where Spillway is installed in a project it is ${code('npx spillway <command>')}; in its
repository ${code('npm run spillway -- <command>')}, or ${code('npm run <command> --')} for most of them.
${code('spillway <command> --help')} prints what stands here.

| exit code | of every command |
| --- | --- |
| 0 | done, and exact where that is looked at |
| 1 | it was done and is not as it should be, or it failed; the message says what to do |
| 2 | wrong usage, or nothing to work with: no file, nobody who answers |
| 130 | interrupted |

With ${code('--json')} standard output has one JSON document and nothing else; progress is on standard error. Colour is for
terminals alone, and for none with ${code('NO_COLOR')} set.`
