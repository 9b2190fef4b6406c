import { pc } from '../scripts/command-line/colours'
import type { Provisioned } from './provision'

export interface LocalCloudFacts {
  readonly name: string
  readonly endpoint: string
  readonly region: string
  readonly provisioned: Provisioned
  /** One line each, e.g. how to stop it. */
  readonly notes: readonly string[]
}

/**
 * The environment that makes any AWS SDK use a local cloud; the credentials are not checked, but the SDK wants some.
 */
export function environmentFor(endpoint: string, region: string): Record<string, string> {
  return { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
}

/** What a person sees of a local cloud that is ready: what is in it, and how to use it. */
export function readyScreen({ name, endpoint, region, provisioned, notes }: LocalCloudFacts): string {
  const { stackName, change, outputs } = provisioned
  const width = Math.max(...Object.keys(outputs).map((key) => key.length))
  const variables = Object.entries(environmentFor(endpoint, region)).map(([key, value]) => `${key}=${value}`)
  return [
    `${pc.bold(name)} is ready at ${pc.cyan(endpoint)}`,
    '',
    `Stack ${pc.bold(stackName)} (${change}, from serverless.yml):`,
    ...Object.entries(outputs).map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
    '',
    'To use it, set in the shell of the edge node:',
    pc.cyan(`  export ${variables.join(' ')}`),
    '',
    ...notes,
    '',
  ].join('\n')
}
