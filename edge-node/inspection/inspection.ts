// For: what can be known before a start.
// In: configuration, machine, data folder, stack.
// Out: findings, each with what to do.

import type { Configuration } from '../config/command-line'
import { inspectCloud } from './cloud-half'
import { type Finding, ok } from './finding'
import { inspectMachine } from './machine'

/** Looks at everything that an edge node needs with this configuration. Starts and changes nothing. */
export async function inspect(configuration: Configuration, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { config, file, sources } = configuration
  const given = sources.size === 0 ? 'all by default' : `${sources.size} settings given, the others by default`
  const settings = ok('configuration', file === null ? given : `${given}; from the file ${file} and elsewhere`)
  const [machine, cloud] = await Promise.all([inspectMachine(config), inspectCloud(config, env)])
  return [settings, ...machine, ...cloud]
}
