import { kindOf } from '../../edge-node/config/command-line'
import { TOPICS } from '../../edge-node/config/config'
import { flagOf, variableOf } from '../../edge-node/config/names'
import { commandLinePage } from './command-line'
import { costPage } from './cost'
import { errorCodesPage } from './error-codes'
import { httpApiPage } from './http-api'
import { jobStatusPage } from './job-status'
import { code, page, table } from './markdown'
import { metricsPage } from './metrics'
import { openApi } from './openapi/document'

/** The reference of all settings. */
export function configurationPage(): string {
  const topics = Object.entries(TOPICS).map(([topic, fields]) => {
    const rows = Object.entries(fields).map(([name, { description = '' }]) => rowOf(name, description))
    return `## ${topic}\n\n${table(['setting', 'flag', 'takes', 'default', 'what it is, and why'], rows)}`
  })
  return page('# Configuration', INTRODUCTION, ...topics)
}

function rowOf(name: string, description: string): string[] {
  const { expected, fallback } = kindOf(name)
  const value = fallback.replace(/^default /, '')
  return [code(name), code(flagOf(name)), expected, value === 'none' ? '' : code(value), description]
}

const INTRODUCTION = `Each setting can be given in a file by its name (${code('port: 7070')}), in the environment
(${code(`${variableOf('port')}=7070`)}: the flag in capitals, with ${code('SPILLWAY_')} before it) or as a flag. Flags win over the
environment, the environment over the file, the file over the defaults. The file is ${code('--config FILE')}, else
${code('SPILLWAY_CONFIG')}, else ${code('spillway.yaml')} or ${code('spillway.json')} in the working folder. What has no such name is
refused, with the nearest name that there is.

The end of a name is its unit: ${code('Ms')} milliseconds, ${code('Bytes')}, ${code('UsdPerHour')}, ${code('PerSecond')}, ${code('Share')} (1 is all).

| command | what it does |
| --- | --- |
| ${code('spillway edge --help')} | prints all of this |
| ${code('spillway edge --print-config')} | each setting with its value and where it is from; secrets are paths, and never printed |
| ${code('spillway check')} | validates settings, data folder, port, tokens, certificates, credentials, stream, tables and functions; exit code 1 when something is wrong |

The cloud is found by the standard variables: ${code('AWS_REGION')}, ${code('AWS_PROFILE')} or other credentials, and
${code('AWS_ENDPOINT_URL')} for a local cloud.`

/** All that is generated, by its path from the root of the repository. */
export const GENERATED_PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/command-line.md': commandLinePage,
  'docs/reference/configuration.md': configurationPage,
  'docs/reference/cost.md': costPage,
  'docs/reference/error-codes.md': errorCodesPage,
  'docs/reference/http-api.md': httpApiPage,
  'docs/reference/job-status.md': jobStatusPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
}
