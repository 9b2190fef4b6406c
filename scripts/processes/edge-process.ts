import type { Status } from '../../edge-node/http/status'
import { authorization } from '../command-line/token'
import { type Child, LOCAL_ENV, type Stoppable, startChild } from './child'

/**
 * The edge node as its users see it, with a token of all scopes where it asks for one. Every method rejects when the
 * node does not answer as its API says.
 */
export class EdgeClient {
  constructor(
    readonly url: string,
    private readonly token = process.env.SPILLWAY_TOKEN,
  ) {}

  async status(): Promise<Status> {
    return (await this.json('/v1/status')) as Status
  }

  async setMode(mode: 'auto' | 'always' | 'never'): Promise<void> {
    await this.json('/v1/burst', { method: 'POST', body: JSON.stringify({ mode }) })
  }

  /** Sends lines under a key of their own; the answer is that of `POST /v1/events`. */
  async send(key: string, lines: readonly string[]): Promise<unknown> {
    return this.json('/v1/events', { method: 'POST', headers: { 'idempotency-key': key }, body: lines.join('\n') })
  }

  private async json(path: string, init?: RequestInit): Promise<unknown> {
    const headers = { ...authorization(this.token), ...init?.headers }
    const response = await fetch(this.url + path, { ...init, headers })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}

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
