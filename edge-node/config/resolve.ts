import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { type Config, configSchema, SETTINGS, type SettingName } from './config'
import { isSetting } from './names'
import type { Given } from './sources'
import { UnusableConfig } from './unusable'

/** A configuration, and for each setting that was given, where. */
export interface Resolved {
  readonly config: Config
  readonly sources: ReadonlyMap<SettingName, string>
}

/** Settings whose value is a path, and might be a secret that somebody put in its place. */
export const UNSPOKEN: ReadonlySet<string> = new Set<SettingName>(['tokens', 'tlsKey'])
/** No message repeats what is wrong with these: an address that is refused may hold a password. */
const UNREPEATED: ReadonlySet<string> = new Set<string>([
  ...UNSPOKEN,
  'otelEndpoint' satisfies SettingName,
  'flink' satisfies SettingName,
])

/**
 * Joins what was given, later layers over earlier ones, over the defaults. Throws UnusableConfig with all that is
 * wrong.
 */
export function resolveConfig(layers: readonly (readonly Given[])[]): Resolved {
  const given = new Map<string, Given>()
  for (const one of layers.flat()) given.set(one.setting, one)
  const values = Object.fromEntries([...given.values()].map(({ setting, value }) => [setting, value]))
  const parsed = configSchema.safeParse(values)
  if (!parsed.success) {
    const wrong = new Map(parsed.error.issues.map(({ path, message }) => [String(path[0]), message]))
    throw new UnusableConfig([...wrong].map(([setting, expected]) => problemOf(given.get(setting)!, expected)))
  }
  const sources = new Map<SettingName, string>()
  for (const { setting, from } of given.values()) if (isSetting(setting)) sources.set(setting, from)
  const conflicts = conflictsOf(parsed.data)
  if (conflicts.length > 0) throw new UnusableConfig(conflicts)
  return { config: parsed.data, sources }
}

function problemOf({ setting, value, from }: Given, expected: string): string {
  const shown = UNREPEATED.has(setting) ? 'something else' : (JSON.stringify(value) ?? String(value)).slice(0, 100)
  return `${from} takes ${expected}, and is ${shown}`
}

/** Whether only this machine can reach the address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** Settings that do not go together, each with what to do. */
export function conflictsOf(config: Config): string[] {
  const { host, tokens, insecureNoAuth, tlsCert, tlsKey, tlsClientCa } = config
  const conflicts: string[] = []
  if (config.cloud === 'none' && config.mode === 'always')
    conflicts.push('mode always needs a cloud, and cloud is none: remove one')
  if (!isLoopback(host) && tokens === undefined && !insecureNoAuth)
    conflicts.push(
      `host ${host} can be reached by others: give --tokens FILE, or --insecure-no-auth when something else asks who is calling`,
    )
  if (tokens !== undefined && insecureNoAuth)
    conflicts.push('tokens and insecureNoAuth are given, and only one can hold: remove one')
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    conflicts.push(`tlsCert and tlsKey belong together, and ${tlsCert === undefined ? 'tlsCert' : 'tlsKey'} is missing`)
  if (tlsClientCa !== undefined && tlsCert === undefined)
    conflicts.push('tlsClientCa asks clients for certificates, and needs tlsCert and tlsKey')
  if (config.headersTimeoutMs > config.requestTimeoutMs)
    conflicts.push('headersTimeoutMs is part of requestTimeoutMs, and cannot be longer')
  return conflicts
}

/** Each setting in order with its value and where it is from. */
export function effective({ config, sources }: Resolved) {
  return SETTINGS.map((setting) => ({ setting, value: config[setting], from: sources.get(setting) ?? 'default' }))
}

/** The settings as YAML that can be used as a file, with where each is from behind it. */
export function printedConfig(resolved: Resolved): string {
  const lines = effective(resolved).map(({ setting, value, from }) => [line(setting, value), from] as const)
  const width = Math.max(...lines.map(([text]) => text.length))
  return lines.map(([text, from]) => `${text.padEnd(width)}  # ${from}`).join('\n')
}

function line(setting: string, value: unknown): string {
  if (value === undefined) return `# ${setting}:`
  // A path is no secret, but a secret may have been given for a path by mistake.
  if (UNSPOKEN.has(setting) && !existsSync(String(value))) return `${setting}: "(not shown: there is no such file)"`
  return `${setting}: ${JSON.stringify(value)}`
}
