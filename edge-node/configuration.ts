import { type CommandLine, EDGE_NODE, readCommandLine } from './config/command-line'
import { type Resolved, resolveConfig } from './config/resolve'
import { configFile, fromEnvironment, fromFile } from './config/sources'

/** What to do, with which configuration. */
export interface Configuration extends Resolved {
  readonly task: CommandLine['task']
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
  return { task: commandLine.task, file, ...resolveConfig(layers) }
}
