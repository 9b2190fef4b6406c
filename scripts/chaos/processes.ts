import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, LOCAL_ENV, startChild, startCommand } from '../processes/child'
import type { Defaults, Play } from './faults/scenario'
import { freePort } from './free-port'
import { Service } from './service'
import type { Stage } from './stage'

const DRAIN_S = 600 // far longer than any outage here: every batch gets its answer
const POISON = 0.005 // dead letters must survive faults too

/** The processes of a run, and the scenario that they were started for. */
export interface Running {
  readonly cloud: Service
  readonly edge: Service
  readonly edgeUrl: string
  readonly play: Play
}

/**
 * Starts a cloud and an edge node as the scenario wants them; what it cannot have, it says. They end with the stage.
 */
export async function startProcesses(
  stage: Stage,
  open: (cloudPort: number) => Promise<Play | { readonly skipped: string }>,
): Promise<Running | { readonly skipped: string }> {
  const [cloudPort, edgePort] = [await freePort(), await freePort()]
  const play = await open(cloudPort)
  if ('skipped' in play) return play
  const cloud = service(stage, 'the cloud', () => startCloud(stage, cloudPort, play))
  await stage.until(cloud.start())
  const edge = service(stage, 'the edge node', () => startEdge(stage, edgePort, cloudPort, play))
  const { url } = await stage.until(edge.start<{ url: string }>())
  stage.say(`cloud at 127.0.0.1:${cloudPort}, edge node at ${url}`)
  return { cloud, edge, edgeUrl: url, play }
}

function service(stage: Stage, name: string, launch: () => Child): Service {
  const made = new Service(name, launch, (error) => stage.fail(error))
  stage.undo(() => made.stop())
  return made
}

function startCloud(stage: Stage, port: number, { cloudEndpoint }: Play): Child {
  const between = cloudEndpoint === undefined ? [] : ['--function-endpoint', cloudEndpoint]
  const log = ['--log-file', join(stage.folder, 'functions.log')]
  const args = ['--port', String(port), ...log, ...between]
  return start(stage, 'cloud.log', (log) => startChild('localstack/embedded/main.ts', args, LOCAL_ENV, log))
}

function startEdge(stage: Stage, port: number, cloudPort: number, play: Play): Child {
  const { dataDir, cloudEndpoint, edgeArgs = [] } = play
  const args = ['--pipeline', 'bids', '--port', String(port), '--data-dir', dataDir ?? join(stage.folder, 'edge')]
  const env = { ...LOCAL_ENV, AWS_ENDPOINT_URL: cloudEndpoint ?? `http://127.0.0.1:${cloudPort}` }
  const all = [...args, '--log-level', 'info', ...edgeArgs]
  return start(stage, 'edge.log', (log) => startChild('edge-node/main.ts', all, env, log))
}

/**
 * Sends the load; resolves when every batch has its answer, which is then in `accepted.ndjson`. Rejects when one has
 * none.
 */
export async function runLoad(stage: Stage, url: string, load: LoadShape): Promise<void> {
  const { seed, rate, peak, seconds, spike } = load
  const options = {
    ...{ url, seed, profile: 'spike', rate, peak, seconds },
    ...{ 'spike-start': spike.at * seconds, 'spike-seconds': spike.length * seconds },
    ...{ poison: POISON, 'drain-seconds': DRAIN_S },
    ...{ report: join(stage.folder, 'load.json'), accepted: join(stage.folder, 'accepted.ndjson') },
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = start(stage, 'load.log', (log) => startCommand('load', ['--quiet', ...args], LOCAL_ENV, log))
  stage.undo(() => {
    child.signal('SIGKILL') // asked politely, it would wait for its answers
    return child.ended()
  })
  const code = await child.ended()
  if (code !== 0) throw new Error(`the load ended with ${code}; its output above says why`)
}

export interface LoadShape {
  readonly seed: number
  readonly rate: number
  readonly peak: number
  readonly seconds: number
  readonly spike: Defaults['spike']
}

function start(stage: Stage, logName: string, launch: (log: number) => Child): Child {
  stage.signal.throwIfAborted() // nothing starts any more while everything is being ended
  const log = openSync(join(stage.folder, logName), 'a')
  try {
    return launch(log)
  } finally {
    closeSync(log)
  }
}
