import { Command, CommanderError, Option } from 'commander'
import type { z } from 'zod'
import { configSchema, FLINK_TOPIC, SETTINGS, type SettingName, TOPICS } from './config'
import { KiB, MiB } from './fields'
import { flagOf, isSetting, nearest, unitOf, variableOf } from './names'
import { type Resolved, resolveConfig } from './resolve'
import { configFile, fromEnvironment, fromFile, type Given } from './sources'
import { UnknownFlag } from './unusable'

const WIDTH = 100 // columns of the help
const COMMANDS = ['config', 'check', 'json', 'printConfig', 'help'] as const

/** What a command line asks for. */
export interface CommandLine {
  readonly task: 'run' | 'check' | 'print'
  /** With `check`: as JSON. */
  readonly isJson: boolean
  readonly configFile: string | undefined
  readonly given: readonly Given[]
}

/** A program that takes the settings, for its help. Flags that mean nothing to it are taken and not shown. */
export interface Program {
  readonly name: string
  readonly description: string
  /** Lines that work as printed. */
  readonly examples: readonly string[]
  readonly exits: string
  readonly shows: (setting: SettingName, topic: string) => boolean
  readonly tasks: { readonly check: string }
}

export const EDGE_NODE: Program = {
  name: 'spillway edge',
  description: 'The edge node: takes events over HTTP, computes windows, and bursts what does not fit to AWS Lambda.',
  examples: [
    'spillway edge --mode never --data-dir .spillway/edge',
    'spillway edge --stack spillway-prod --check',
    'spillway edge --print-config --latency-target-ms 500',
  ],
  exits: '0 done; 1 it cannot start, or --check found something; 2 wrong usage',
  shows: (_setting, topic) => topic !== FLINK_TOPIC,
  tasks: { check: 'check this configuration, the credentials and the cloud half; starts and changes nothing' },
}

/** `--check` under a name of its own. */
export const EDGE_CHECK: Program = {
  ...EDGE_NODE,
  name: 'spillway check',
  description:
    'Looks at all that a start of the edge node needs: settings, data folder, port, tokens, certificates, credentials and the cloud half. Starts and changes nothing.',
  examples: ['spillway check', 'spillway check --stack spillway-prod --json'],
  exits: '0 nothing is wrong; 1 something is, the settings included; 2 wrong usage',
}

/**
 * Reads the arguments after the script's name. Throws UnknownFlag for one that is none, and gives the help where
 * it was asked for.
 */
export function readCommandLine(args: readonly string[], called = EDGE_NODE): CommandLine | { readonly help: string } {
  let help = ''
  const command = program(called).configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} })
  try {
    command.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return { help }
    throw new UnknownFlag([problemOf(error)])
  }
  const { config, check, json, printConfig, ...values } = command.opts()
  const given = Object.entries(values).filter(([name]) => isSetting(name))
  return {
    task: check ? 'check' : printConfig ? 'print' : 'run',
    isJson: json === true,
    configFile: config,
    given: given.map(([setting, value]) => ({ setting, value, from: flagOf(setting) })),
  }
}

function problemOf(error: CommanderError): string {
  const unknown = /unknown option '([^'=]*)/.exec(error.message)?.[1]
  if (unknown === undefined) return error.message.replace(/^error: /, '')
  return `${unknown} is no setting; did you mean ${flagOf(nearest(unknown, [...SETTINGS, ...COMMANDS]))}?`
}

function program({ name, description, shows, examples, exits, tasks: { check } }: Program): Command {
  const command = new Command(name)
    .usage('[options]')
    .description(description)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureHelp({ helpWidth: WIDTH })
  const tasks = [
    new Option('--config <file>', 'file with settings, YAML or JSON (default: spillway.yaml or .json, if it is here)'),
    new Option('--check', check),
    new Option('--json', 'with --check: what was found as JSON'),
    new Option('--print-config', 'print each setting with its value and where it is from'),
  ]
  for (const option of tasks) command.addOption(option.helpGroup('Tasks:'))
  command
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup('Tasks:'))
    .addHelpText('after', afterOf(examples, exits))
  for (const [topic, fields] of Object.entries(TOPICS))
    for (const [setting, field] of Object.entries(fields)) {
      const option = optionOf(setting, field).helpGroup(`${topic}:`)
      command.addOption(option.hideHelp(!shows(setting as SettingName, topic)))
    }
  return command
}

function optionOf(setting: string, field: z.ZodType): Option {
  const { expected, fallback } = kindOf(setting)
  const option = new Option(`${flagOf(setting)}${placeholderOf(setting, expected)}`)
  const shown = field.description?.includes('; default: ') ? '' : fallback // it is in words already
  const limits = [boundsOf(expected), shown].filter(Boolean).join('; ')
  option.description = limits === '' ? `${field.description}` : `${field.description} [${limits}]`
  if (!expected.startsWith('a list')) return option
  return option.argParser((value: string, earlier?: string) => (earlier === undefined ? value : `${earlier},${value}`))
}

/** What a kind of setting says beyond its placeholder. */
function boundsOf(expected: string): string {
  const [, bounds = ''] = /^a (?:whole )?number (?:from |of )(.*)$/.exec(expected) ?? []
  return bounds || (/^(one of|a list|0, or)/.test(expected) ? expected : '')
}

/** What a setting takes, in the words of its errors, and its default. */
export function kindOf(setting: string): { readonly expected: string; readonly fallback: string } {
  const field = configSchema.shape[setting as keyof typeof configSchema.shape]
  const refused = field.safeParse(Symbol('no value'))
  const [issue] = refused.error?.issues ?? []
  return { expected: issue?.message ?? '', fallback: `default ${defaultText(setting, field.parse(undefined))}` }
}

function defaultText(setting: string, value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  if (typeof value !== 'number' || unitOf(setting) !== 'bytes') return String(value)
  const [size, unit] = value >= MiB ? [MiB, 'MiB'] : [KiB, 'KiB']
  return `${value / size} ${unit} = ${value}`
}

function placeholderOf(setting: string, expected: string): string {
  if (expected === 'true or false') return ''
  const unit = unitOf(setting)
  if (/number/.test(expected)) return ` <${unit === 'ms' || unit === 'bytes' ? unit : 'n'}>`
  return ` <${/file|folder|address|names/.exec(expected)?.[0] ?? 'name'}>`
}

const afterOf = (examples: readonly string[], exits: string) => `
${SETTINGS_IN_WORDS}

Examples:
${examples.map((example) => `  ${example}`).join('\n')}

Exit code: ${exits}.`

const SETTINGS_IN_WORDS = `A setting can be given in a file by its name (port: 7070), in the environment (${variableOf('port')}=7070)
or as a flag. Flags win over the environment, the environment over the file, the file over the
defaults. What has no such name is refused.
The cloud is found by the standard variables: AWS_REGION, AWS_ENDPOINT_URL, and the credentials
chain.`

/** What to do, with which configuration. */
export interface Configuration extends Resolved {
  readonly task: CommandLine['task']
  readonly isJson: boolean
  /** The file that settings were read from. */
  readonly file: string | null
}

/**
 * Reads the configuration: defaults, then the file, then the environment, then flags, each over the one before. Throws
 * UnusableConfig with all that is wrong in the first of these that has something wrong.
 */
export function readConfiguration(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  folder: string,
  program = EDGE_NODE,
): Configuration | { readonly help: string } {
  const commandLine = readCommandLine(args, program)
  if ('help' in commandLine) return commandLine
  const file = configFile(commandLine.configFile, env, folder)
  const layers = [file === null ? [] : fromFile(file), fromEnvironment(env), commandLine.given]
  return { task: commandLine.task, isJson: commandLine.isJson, file, ...resolveConfig(layers) }
}
