// For: what can be known before a start.
// In: configuration, machine, data folder, stack.
// Out: findings, each with what to do.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BadPipeline, loadProgram, type Program } from '../../program/program'
import { NO_CLOUD } from '../burst/cloud-half'
import type { Configuration } from '../config/command-line'
import type { Config } from '../config/config'
import { inspectCloud } from './cloud-half'
import { type Finding, ok } from './finding'
import { inspectMachine } from './machine'

/** Looks at everything that an edge node needs with this configuration. Starts and changes nothing. */
export async function inspect(configuration: Configuration, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { config, file, sources } = configuration
  const given = sources.size === 0 ? 'all by default' : `${sources.size} settings given, the others by default`
  const settings = ok('configuration', file === null ? given : `${given}; from the file ${file} and elsewhere`)
  const program = programOf(config.pipeline)
  const known = program instanceof BadPipeline ? null : program
  const [machine, cloud] = await Promise.all([inspectMachine(config, program), cloudOf(config, known, env)])
  return [settings, ...machine, ...cloud]
}

function cloudOf(config: Config, program: Program | null, env: NodeJS.ProcessEnv): Promise<Finding[]> | Finding[] {
  return config.cloud === 'none' ? [ok('cloud', `none, as it is set; ${NO_CLOUD}`)] : inspectCloud(config, program, env)
}

function programOf(pipeline: string): Program | BadPipeline {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-check-'))
  try {
    return loadProgram(pipeline, process.cwd(), folder)
  } catch (error) {
    if (error instanceof BadPipeline) return error
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
