import { existsSync } from 'node:fs'
import { effective, type Resolved, UNSPOKEN } from './resolve'

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
