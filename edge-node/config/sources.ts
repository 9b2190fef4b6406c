import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { SETTINGS } from './config'
import { isOurVariable, isSetting, nearest, variableOf } from './names'
import { UnusableConfig } from './unusable'

/** A value as it was given, and where: `spillway.yaml`, `SPILLWAY_PORT`, `--port`. */
export interface Given {
  readonly setting: string
  readonly value: unknown
  readonly from: string
}

export const FILES = ['spillway.yaml', 'spillway.json'] as const
const MAX_FILE_BYTES = 1024 * 1024 // settings take a few kilobytes; what is larger is another file

/** Variables with our prefix that are no settings: where the file is, and what the scripts send. */
const CONFIG_VARIABLE = 'SPILLWAY_CONFIG'
const OTHER_VARIABLES = [CONFIG_VARIABLE, 'SPILLWAY_TOKEN']

/**
 * The file that was asked for, else the one that lies in the working directory; null when there is none. Throws
 * UnusableConfig for two.
 */
export function configFile(asked: string | undefined, env: NodeJS.ProcessEnv, folder: string): string | null {
  const named = asked ?? env[CONFIG_VARIABLE]
  if (named !== undefined) return named
  const [found = null, other] = FILES.map((name) => join(folder, name)).filter((path) => existsSync(path))
  if (other === undefined) return found
  throw new UnusableConfig([`there are ${FILES.join(' and ')} in ${folder}; remove one, or choose with --config`])
}

/** Reads the settings of a YAML or JSON file. Throws UnusableConfig. */
export function fromFile(path: string): readonly Given[] {
  const content = contentOf(path)
  if (content === null || content === undefined) return [] // an empty file sets nothing
  if (typeof content !== 'object' || Array.isArray(content))
    throw new UnusableConfig([`${path}: it takes settings, one a line, such as "port: 7070"`])
  const given = Object.entries(content).map(([setting, value]) => ({ setting, value, from: `${setting} in ${path}` }))
  return known(given, ({ setting, from }) => `${from} is no setting; did you mean ${nearest(setting)}?`)
}

function contentOf(path: string): unknown {
  try {
    const { size } = statSync(path)
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_FILE_BYTES} are read`)
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n')
    throw new UnusableConfig([
      `${path} cannot be read as YAML or JSON (${reason}); correct it, or name another --config`,
    ])
  }
}

/** The settings among the variables. Throws UnusableConfig for one of ours that is none. */
export function fromEnvironment(env: NodeJS.ProcessEnv): readonly Given[] {
  const names = new Map(SETTINGS.map((setting) => [variableOf(setting), setting]))
  const ours = Object.entries(env).filter(([name]) => isOurVariable(name) && !OTHER_VARIABLES.includes(name))
  const given = ours.map(([from, value]) => ({ setting: names.get(from) ?? from, value, from }))
  return known(given, ({ from }) => `${from} is no setting; did you mean ${variableOf(nearest(from))}?`)
}

function known(given: readonly Given[], problemOf: (wrong: Given) => string): readonly Given[] {
  const wrong = given.filter(({ setting }) => !isSetting(setting))
  if (wrong.length > 0) throw new UnusableConfig(wrong.map(problemOf))
  return given
}
