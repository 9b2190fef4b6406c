import { mkdirSync } from 'node:fs'
import { EDGE_NODE, readConfiguration } from '../../edge-node/config/command-line'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { BadPipeline } from '../../program/program'
import { usageText, withFlags } from '../command-line/ask'
import { pc } from '../command-line/colours'
import { DONE, INTERRUPTED, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { newCommand } from '../command-line/new-command'
import { type Output, TERMINAL } from '../command-line/output'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { Dev, type DevOptions } from './run'

const DEFAULT_RATE = 20 // enough to see something move, and less than any machine can take

const NOTES = `When a file of the project is saved, the node starts anew with what it says; a mistake is told with its
file and line, and what ran before goes on. The cloud is the embedded one unless --cloud says otherwise; where the
project lacks what that needs, there is none. All settings of the edge node are taken: spillway edge --help.`

const devCommand = () =>
  newCommand({
    name: 'dev',
    about: 'Runs the project in this folder: a local cloud, the edge node and the dashboard.',
    examples: ['spillway dev --sample sample-events.ndjson', 'spillway dev --cloud none --port 8080'],
    exits: {
      done: 'never, it runs on',
      not: 'it could not start',
      wrong: 'or a mistake in the project',
      interrupted: true,
    },
    notes: NOTES,
  })
    .usage('[options] [settings of the edge node]')
    .option(
      '--sample <file>',
      'send events made after the lines of this NDJSON file, again and again, at the present time',
    )
    .option('--rate <n>', `so many of them a second (default: ${DEFAULT_RATE})`)

/** Resolves to the exit code: 1 it could not start, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  if (args.includes('--help') || args.includes('-h'))
    return withFlags(devCommand(), ['--help'], async () => DONE, output)
  const asked = optionsOf(args)
  if (typeof asked === 'string') {
    output.err(usageText(asked, 'spillway dev'))
    return WRONG_USAGE
  }
  const children: Stoppable[] = []
  const interrupted = whenInterrupted()
  try {
    mkdirSync('.spillway', { recursive: true, mode: 0o700 })
    await Promise.race([Dev.start(asked, children, output.out), interrupted])
    await interrupted
    return INTERRUPTED
  } catch (error) {
    output.err(pc.red(`It cannot start: ${error instanceof Error ? error.message : String(error)}`))
    return error instanceof BadPipeline ? WRONG_USAGE : NOT_DONE
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

/** The options, or a text that says what is wrong with them. */
function optionsOf(args: readonly string[]): DevOptions | string {
  const { own, rest } = divided(args)
  const rate = Number(own.get('--rate') ?? DEFAULT_RATE)
  if (!(rate > 0)) return '--rate takes a number of events a second'
  try {
    const read = () => {
      const configuration = readConfiguration(rest, process.env, process.cwd(), EDGE_NODE)
      if ('help' in configuration) throw new UnusableConfig(['the help was not asked for'])
      return configuration
    }
    read()
    return { project: process.cwd(), read, settings: rest, sample: own.get('--sample') ?? null, rate }
  } catch (error) {
    if (error instanceof UnusableConfig) return error.message
    throw error
  }
}

/** Our own flags, and the settings of the edge node. */
function divided(args: readonly string[]): { own: Map<string, string>; rest: string[] } {
  const own = new Map<string, string>()
  const rest: string[] = []
  for (let at = 0; at < args.length; at++) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(args[at]!) ?? []
    if (name !== '--sample' && name !== '--rate') rest.push(args[at]!)
    else own.set(name, value ?? args[++at] ?? '')
  }
  return { own, rest }
}
