import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Configuration } from '../../edge-node/config/command-line'
import { BadPipeline, loadProgram, type Program } from '../../program/program'
import { pc } from '../command-line/colours'
import { type Child, type Stoppable, startChild, startCommand } from '../processes/child'
import { type LocalCloud, startLocalCloud, whyNoCloud } from './local-cloud'
import { watchProject } from './watch'

/** What `spillway dev` runs with. */
export interface DevOptions {
  readonly project: string
  readonly configuration: Configuration
  /** The settings as they were given, for the edge node. */
  readonly settings: readonly string[]
  /** Events to send again and again; null: none. */
  readonly sample: string | null
  readonly rate: number
}

type Say = (line: string) => void

/** The edge node of a project with all around it; started anew when the project's files change. */
export class Dev {
  private edge: Child | null = null
  /** Where it listens, from its first start on: senders and the page keep it. */
  private port: string | null = null
  private version = ''

  private constructor(
    private readonly options: DevOptions,
    private readonly cloud: LocalCloud | 'none' | 'as configured',
    private readonly say: Say,
  ) {}

  /** Starts everything and adds it to `children`. Rejects with BadPipeline where the project has a mistake. */
  static async start(options: DevOptions, children: Stoppable[], say: Say): Promise<void> {
    const { pipeline } = programOf(options) // a mistake is said before anything is started
    const cloud = await cloudOf(options, children, say)
    const dev = new Dev(options, cloud, say)
    children.push({ stop: async () => dev.edge?.stop() })
    const url = await dev.startEdge()
    say(`\n   ${pc.bold('dashboard')}  ${url}`)
    if (options.sample !== null) {
      say(`   ${pc.bold('events')}     ${options.rate} a second after ${options.sample}`)
      children.push(startSample(options, url, pipeline.timestampField))
    } else say(`   ${pc.bold('events')}     POST them to ${url}/v1/events, one JSON object a line`)
    const end = watchProject(options.project, (path) => dev.changed(path))
    children.push({ stop: async () => end() })
    say(`   Save a file of the project, and the node takes it over. Ctrl-C ends everything.\n`)
  }

  private async startEdge(): Promise<string> {
    const { settings, configuration } = this.options
    this.version = versionOf(this.options)
    const dataDir = join(configuration.config.dataDir, 'dev', this.version)
    const cloud =
      this.cloud === 'none' ? ['--cloud', 'none'] : this.cloud === 'as configured' ? [] : this.flagsOf(this.cloud)
    const port = this.port === null ? [] : ['--port', this.port]
    const args = [...settings, ...cloud, ...port, '--data-dir', dataDir, '--log-level', 'warn']
    this.edge = startChild('edge-node/main.ts', args, {}, 1)
    const { url } = await this.edge.ready<{ url: string }>()
    this.port = new URL(url).port
    return url
  }

  private flagsOf({ endpoint, stack }: LocalCloud): string[] {
    return ['--cloud', endpoint, '--stack', stack]
  }

  /** A file of the project was saved. What is wrong with it is said, and what ran goes on. */
  private async changed(path: string): Promise<void> {
    try {
      const version = versionOf(this.options)
      if (version === this.version && !/\.(ya?ml|json)$/.test(path)) return
      this.say(
        `${path} was saved; ${version === this.version ? 'the node starts anew' : `version ${version} starts`} ...`,
      )
      const problem = typeof this.cloud === 'object' ? await this.cloud.update() : null
      if (problem !== null) return this.say(pc.red(problem))
      await this.edge?.stop()
      await this.startEdge()
      this.say(pc.green('it runs.'))
    } catch (error) {
      this.say(pc.red(error instanceof BadPipeline ? `${error.message}\nWhat ran before goes on.` : String(error)))
    }
  }
}

const versionOf = (options: DevOptions): string => programOf(options).version

function programOf({ configuration, project }: DevOptions): Program {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-dev-'))
  try {
    return loadProgram(configuration.config.pipeline, project, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The cloud that was asked for; where none was, the embedded one if the project has what it takes. */
async function cloudOf(
  { project, configuration }: DevOptions,
  children: Stoppable[],
  say: Say,
): Promise<LocalCloud | 'none' | 'as configured'> {
  const { config, sources } = configuration
  if (sources.has('cloud') && config.cloud !== 'embedded') return 'as configured'
  const why = whyNoCloud(project)
  if (why !== null) {
    say(pc.yellow(`No local cloud: ${why}. Until then there is back-pressure above capacity.`))
    return 'none'
  }
  say('Starting the embedded cloud ...')
  return startLocalCloud(project, join(project, '.spillway/functions.log'), children, say)
}

const DAY_S = 86_400

function startSample({ sample, rate }: DevOptions, url: string, timeField: string | null): Child {
  const named = timeField === null ? [] : ['--time-field', timeField]
  const events = ['--sample', sample!, '--rate', String(rate), '--seconds', String(DAY_S)]
  return startCommand('load', ['--url', url, ...events, ...named, '--quiet', '--json'])
}
