import { type Child, type Stoppable, startChild } from './child'
import { EdgeClient } from './edge-client'
import { LOCAL_ENV } from './local-env'

export interface EdgeOptions {
  /** Of the cloud. */
  readonly endpoint: string
  readonly dataDir: string
  /** Further options of the edge node by their names on its command line, without the dashes. */
  readonly options: Readonly<Record<string, string | number>>
  readonly env?: NodeJS.ProcessEnv
  /** The program; another than the edge node itself has to be one around it. */
  readonly program?: string
}

export interface EdgeProcess {
  readonly child: Child
  readonly client: EdgeClient
}

/** Starts an edge node, adds it to `children` and resolves when it serves. */
export async function startEdgeNode(edge: EdgeOptions, children: Stoppable[]): Promise<EdgeProcess> {
  const { endpoint, dataDir, options, env = {}, program = 'edge-node/main.ts' } = edge
  const all = { port: 0, 'data-dir': dataDir, 'log-level': 'warn', ...options }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = startChild(program, args, { ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint, ...env })
  children.push(child)
  return { child, client: new EdgeClient((await child.ready<{ url: string }>()).url, env.SPILLWAY_TOKEN) }
}
