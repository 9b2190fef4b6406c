import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Configuration } from '../../edge-node/config/command-line'
import { loadProgram, type Program } from '../../program/program'
import { pc } from '../command-line/colours'
import { type Child, type Stoppable, startChild, startCommand } from '../processes/child'
import { type LocalCloud, startLocalCloud, whyNoCloud } from './local-cloud'
import { watchProject } from './watch'

/** What `spillway dev` runs with. */
export interface DevOptions {
  readonly project: string
  /** Reads the settings as they are now; throws UnusableConfig. */
  readonly read: () => Configuration
  /** The settings as they were given, for the edge node. */
  readonly settings: readonly string[]
  /** Events to send again and again; null: none. */
  readonly sample: string | null
  readonly rate: number
}

type Say = (line: string) => void

/** What is to run. */
interface Wanted {
  readonly configuration: Configuration
  readonly version: string
}

const AGAIN_MS = 1_000 // after a node ended by itself: an event that ends it is set aside at its second death

/** The edge node of a project with all around it; started anew when the project's files change. */
export class Dev {
  private edge: Child | null = null
  /** Where it listens, from its first start on: senders and the page keep it. */
  private port: string | null = null
  /** What runs; empty while nothing does. */
  private version = ''
  private isEnding = false
  private last: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: DevOptions,
    private readonly cloud: LocalCloud | 'none' | 'as configured',
    private readonly say: Say,
  ) {}

  /** Starts everything and adds it to `children`. Rejects with BadPipeline where the project has a mistake. */
  static async start(options: DevOptions, children: Stoppable[], say: Say): Promise<void> {
    const configuration = options.read()
    const { pipeline, version } = programOf(configuration, options.project) // a mistake is said before all else
    const cloud = await cloudOf(options.project, configuration, children, say)
    const dev = new Dev(options, cloud, say)
    children.push({ stop: () => dev.end() })
    const url = await dev.startEdge({ configuration, version })
    say(`\n   ${pc.bold('dashboard')}  ${url}`)
    if (options.sample !== null) {
      say(`   ${pc.bold('events')}     ${options.rate} a second after ${options.sample}`)
      children.push(startSample(options, url, pipeline.timestampField))
    } else say(`   ${pc.bold('events')}     POST them to ${url}/v1/events, one JSON object a line`)
    const onError = (error: Error) => say(pc.yellow(`Files are not watched any more: ${error.message}`))
    const end = watchProject(options.project, (path) => dev.changed(path), onError)
    children.push({ stop: async () => end() })
    say(`   Save a file of the project, and the node takes it over. Ctrl-C ends everything.\n`)
  }

  private async startEdge({ configuration, version }: Wanted): Promise<string> {
    const dataDir = join(configuration.config.dataDir, 'dev', version)
    const port = this.port === null ? [] : ['--port', this.port]
    const own = ['--pipeline', configuration.config.pipeline, '--data-dir', dataDir, '--log-level', 'warn']
    const edge = startChild(
      'edge-node/main.ts',
      [...this.options.settings, ...this.cloudFlags(), ...port, ...own],
      {},
      1,
    )
    this.edge = edge
    const { url } = await edge.ready<{ url: string }>()
    this.version = version
    this.port = new URL(url).port
    void edge.ended().then((code) => this.ended(edge, code))
    return url
  }

  private cloudFlags(): string[] {
    if (this.cloud === 'as configured') return []
    if (this.cloud === 'none') return ['--cloud', 'none']
    return ['--cloud', this.cloud.endpoint, '--stack', this.cloud.stack]
  }

  /** The node is gone: by our own will, or by an event, after which it goes on from its log. */
  private async ended(edge: Child, code: number): Promise<void> {
    if (edge !== this.edge || this.isEnding) return
    this.version = ''
    this.say(pc.yellow(`The node ended with ${code}; it starts again, with all that it had accepted.`))
    await sleep(AGAIN_MS)
    await this.restart(() => (edge === this.edge ? this.wanted() : null))
  }

  /** A file of the project was saved. What is wrong with it is said, and what ran goes on. */
  private async changed(path: string): Promise<void> {
    await this.restart(() => {
      const { project } = this.options
      const wanted = this.wanted()
      const { configuration, version } = wanted
      const data = relative(project, resolve(project, configuration.config.dataDir))
      if (path.startsWith(data + sep)) return null // what the node itself writes
      const isSame = version === this.version
      if (isSame && !/\.(ya?ml|json)$/.test(path)) return null
      this.say(`${path} was saved; ${isSame ? 'the node starts anew' : `version ${version} starts`} ...`)
      return wanted
    })
  }

  /** What the project's files say now. */
  private wanted(): Wanted {
    const configuration = this.options.read()
    return { configuration, version: programOf(configuration, this.options.project).version }
  }

  /** One after the other: a file may be saved just as a node that ended is started again. */
  private restart(read: () => Wanted | null): Promise<void> {
    this.last = this.last.then(() => this.restartNow(read))
    return this.last
  }

  /** Starts the node with what `read` gives; null: nothing is to be done. */
  private async restartNow(read: () => Wanted | null): Promise<void> {
    try {
      const wanted = this.isEnding ? null : read()
      if (wanted === null) return
      const problem = typeof this.cloud === 'object' ? await this.cloud.update() : null
      if (problem !== null) return this.say(pc.red(problem))
      const { edge } = this
      this.edge = null
      this.version = ''
      await edge?.stop()
      await this.startEdge(wanted)
      this.say(pc.green('it runs.'))
    } catch (error) {
      const goesOn = this.version === '' ? 'Nothing runs now: save a file to try again.' : 'What ran before goes on.'
      this.say(pc.red(`${error instanceof Error ? error.message : String(error)}\n${goesOn}`))
    }
  }

  private async end(): Promise<void> {
    this.isEnding = true
    await this.edge?.stop()
  }
}

function programOf({ config }: Configuration, project: string): Program {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-dev-'))
  try {
    return loadProgram(config.pipeline, project, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The embedded cloud was asked for, and the project lacks what it takes. */
class NoLocalCloud extends Error {}

/** The cloud that was asked for; where none was, the embedded one if the project has what it takes. */
async function cloudOf(
  project: string,
  { config, sources }: Configuration,
  children: Stoppable[],
  say: Say,
): Promise<LocalCloud | 'none' | 'as configured'> {
  if (sources.has('cloud') && config.cloud !== 'embedded') return 'as configured'
  const why = whyNoCloud(project)
  if (why !== null && sources.has('cloud')) throw new NoLocalCloud(`there can be no embedded cloud: ${why}`)
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
